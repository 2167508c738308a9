/** What FUMO 1.0 numbers and names. All three are open: vendors add states and codes of their own. */

/** The values of `State`. */
export const FumoState = {
  /** Nothing is going on; where everything begins. */
  Idle: 10,
  DownloadFailed: 20,
  DownloadProgressing: 30,
  DownloadComplete: 40,
  ReadyToUpdate: 50,
  UpdateProgressing: 60,
  UpdateFailedHaveData: 70,
  UpdateFailedNoData: 80,
  UpdateSuccessfulHaveData: 90,
  UpdateSuccessfulNoData: 100,
} as const;

/** The data of the Generic Alert that answers an Exec. 250-299, 450-499 and 550-599 are the vendors'. */
export const FumoResult = {
  Success: 200,
  ClientError: 400,
  UserCancelled: 401,
  PackageCorrupt: 402,
  DeviceMismatch: 403,
  ValidationFailed: 404,
  NotAcceptable: 405,
  DownloadAuthenticationFailed: 406,
  DownloadTimedOut: 407,
  NotImplemented: 408,
  UndefinedError: 409,
  UpdateFailed: 410,
  BadUrl: 411,
  ServerUnavailable: 412,
  ServerError: 500,
  DownloadOutOfMemory: 501,
  UpdateOutOfMemory: 502,
  NetworkError: 503,
} as const;

/** The type of that Generic Alert by the node that was executed, and of the alerts by which a device or its user asks for one. */
export const FumoAlert = {
  Download: 'org.openmobilealliance.dm.firmwareupdate.download',
  Update: 'org.openmobilealliance.dm.firmwareupdate.update',
  DownloadAndUpdate: 'org.openmobilealliance.dm.firmwareupdate.downloadandupdate',
  DeviceRequest: 'org.openmobilealliance.dm.firmwareupdate.devicerequest',
  UserRequest: 'org.openmobilealliance.dm.firmwareupdate.userrequest',
} as const;
