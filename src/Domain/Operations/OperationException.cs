namespace VisionPlatform.Domain.Operations;

/// <summary>
/// An operation cannot go on for a reason that trying again does not change: wrong credentials, a target that has rows, a damaged backup. The
/// message is one sentence for the operator and holds no password.
/// </summary>
public sealed class OperationException(string message, Exception? inner = null) : Exception(message, inner);
