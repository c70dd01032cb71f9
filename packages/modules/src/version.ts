/** The version of the code, as in every package.json of the repository. */
export const version = "0.1.0";
