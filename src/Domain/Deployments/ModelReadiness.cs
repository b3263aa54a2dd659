namespace VisionPlatform.Domain.Deployments;

/// <summary>How far a model server is with a model.</summary>
/// <param name="State">What the model server does with it: <c>loading</c>, <c>ready</c> or <c>failed</c>.</param>
/// <param name="Bytes">Size of the model file in bytes; null if nobody knows.</param>
/// <param name="LoadedBytes">Number of bytes that were downloaded so far.</param>
public sealed record ModelReadiness(string State, long? Bytes, long LoadedBytes);
