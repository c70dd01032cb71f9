/** Whose data it is: a user of a tenant. Nobody else ever sees it. */
export interface Owner {
  readonly tenant: string;
  readonly user: string;
}
