/** The options of Node under which services run. */
export declare const serviceOptions: readonly string[];
