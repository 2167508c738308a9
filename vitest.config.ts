import { defineConfig } from 'vitest/config';

const conditions: string[] = ['virmo-source', 'node', 'import', 'module', 'default'];

const config: ReturnType<typeof defineConfig> = defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 90_000,
    pool: 'forks',
    // By default one core is left idle: of two, every other.
    maxWorkers: '100%',
  },
});

export default config;
