/** The version of this package, as package.json has it. A constant: bundlers leave no package.json beside the code. */
export const PACKAGE_VERSION = '0.1.0';
