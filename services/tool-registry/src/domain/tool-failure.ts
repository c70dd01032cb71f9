/** A failure that the model is told about in these words, so that it can correct its call or go on without the tool. */
export class ToolFailure extends Error {
  override readonly name = "ToolFailure";
}
