/**
 * The DDF of the Firmware Update Management Object 1.0 (OMA FUMO 1.0; OMNA registers none). All nodes are dynamic,
 * since the object itself is: a permanent node cannot stand below one that may go. What the standard leaves to the device is
 * ZeroOrOne; a client has Update or DownloadAndUpdate at least.
 */
export const fumoDdf: string = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE MgmtTree PUBLIC "-//OMA//DTD-DM-DDF 1.2//EN"
  "http://www.openmobilealliance.org/tech/DTD/dm_ddf-v1_2.dtd">
<MgmtTree>
  <VerDTD>1.2</VerDTD>
  <Node>
    <NodeName/>
    <DFProperties>
      <AccessType><Get/></AccessType>
      <Description>One firmware update package</Description>
      <DFFormat><node/></DFFormat>
      <Occurrence><ZeroOrMore/></Occurrence>
      <Scope><Dynamic/></Scope>
      <DFType><DDFName>urn:oma:mo:oma-fumo:1.0</DDFName></DFType>
    </DFProperties>
    <Node>
      <NodeName>PkgName</NodeName>
      <DFProperties>
        <AccessType><Get/></AccessType>
        <Description>The name of the package</Description>
        <DFFormat><chr/></DFFormat>
        <Occurrence><ZeroOrOne/></Occurrence>
        <Scope><Dynamic/></Scope>
        <DFType><MIME>text/plain</MIME></DFType>
      </DFProperties>
    </Node>
    <Node>
      <NodeName>PkgVersion</NodeName>
      <DFProperties>
        <AccessType><Get/></AccessType>
        <Description>The version of the package</Description>
        <DFFormat><chr/></DFFormat>
        <Occurrence><ZeroOrOne/></Occurrence>
        <Scope><Dynamic/></Scope>
        <DFType><MIME>text/plain</MIME></DFType>
      </DFProperties>
    </Node>
    <Node>
      <NodeName>Download</NodeName>
      <DFProperties>
        <AccessType><Exec/><Get/></AccessType>
        <Description>Exec begins the download</Description>
        <DFFormat><node/></DFFormat>
        <Occurrence><ZeroOrOne/></Occurrence>
        <Scope><Dynamic/></Scope>
        <DFType><DDFName/></DFType>
      </DFProperties>
      <Node>
        <NodeName>PkgURL</NodeName>
        <DFProperties>
          <AccessType><Get/><Replace/></AccessType>
          <Description>Where the package is, or its download descriptor</Description>
          <DFFormat><chr/></DFFormat>
          <Occurrence><One/></Occurrence>
          <Scope><Dynamic/></Scope>
          <DFType><MIME>text/plain</MIME></DFType>
        </DFProperties>
      </Node>
    </Node>
    <Node>
      <NodeName>Update</NodeName>
      <DFProperties>
        <AccessType><Exec/><Get/></AccessType>
        <Description>Exec begins the update with a package that is on the device</Description>
        <DFFormat><node/></DFFormat>
        <Occurrence><ZeroOrOne/></Occurrence>
        <Scope><Dynamic/></Scope>
        <DFType><DDFName/></DFType>
      </DFProperties>
      <Node>
        <NodeName>PkgData</NodeName>
        <DFProperties>
          <AccessType><Replace/></AccessType>
          <Description>The package itself, of any type; not both this and a PkgURL</Description>
          <DFFormat><bin/></DFFormat>
          <Occurrence><ZeroOrOne/></Occurrence>
          <Scope><Dynamic/></Scope>
          <DFType><MIME/></DFType>
        </DFProperties>
      </Node>
    </Node>
    <Node>
      <NodeName>DownloadAndUpdate</NodeName>
      <DFProperties>
        <AccessType><Exec/><Get/></AccessType>
        <Description>Exec begins the download, and the update when that is complete</Description>
        <DFFormat><node/></DFFormat>
        <Occurrence><ZeroOrOne/></Occurrence>
        <Scope><Dynamic/></Scope>
        <DFType><DDFName/></DFType>
      </DFProperties>
      <Node>
        <NodeName>PkgURL</NodeName>
        <DFProperties>
          <AccessType><Get/><Replace/></AccessType>
          <Description>Where the package is, or its download descriptor</Description>
          <DFFormat><chr/></DFFormat>
          <Occurrence><One/></Occurrence>
          <Scope><Dynamic/></Scope>
          <DFType><MIME>text/plain</MIME></DFType>
        </DFProperties>
      </Node>
    </Node>
    <Node>
      <NodeName>State</NodeName>
      <DFProperties>
        <AccessType><Get/></AccessType>
        <DefaultValue>10</DefaultValue>
        <Description>How far the update is; only the device writes it</Description>
        <DFFormat><int/></DFFormat>
        <Occurrence><One/></Occurrence>
        <Scope><Dynamic/></Scope>
        <DFType><MIME>text/plain</MIME></DFType>
      </DFProperties>
    </Node>
    <Node>
      <NodeName>Ext</NodeName>
      <DFProperties>
        <AccessType><Get/></AccessType>
        <Description>Room for a vendor's own nodes</Description>
        <DFFormat><node/></DFFormat>
        <Occurrence><ZeroOrOne/></Occurrence>
        <Scope><Dynamic/></Scope>
        <DFType><DDFName/></DFType>
      </DFProperties>
    </Node>
  </Node>
</MgmtTree>
`;
