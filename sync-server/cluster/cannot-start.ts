/** The cluster cannot start, or a region of it. The message says what happened, to what, and what to do. */
export class CannotStart extends Error {
  override name = 'CannotStart'
}
