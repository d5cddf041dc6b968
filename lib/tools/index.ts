export type { StaticFilesOptions } from './files/options.ts';
export { type StaticFilesHandler, serveFiles } from './files/static-files.ts';
