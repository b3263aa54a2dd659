namespace VisionPlatform.Cli.Demo.Rendering;

/// <summary>The latest known state of a running job. <see cref="ToString"/> is the text of its progress line.</summary>
internal sealed class TrainingProgress
{
    public string State { get; set; } = "pending";
    public int Epoch { get; set; }
    public int TotalEpochs { get; set; }
    public double? Loss { get; set; }
    public double? Accuracy { get; set; }
    public double? EtaSeconds { get; set; }

    public override string ToString() => Numbers() is { Length: > 0 } numbers ? $"{State}  {numbers}" : State;

    /// <summary>Epoch, loss, accuracy and the time left, as far as they are known.</summary>
    public string Numbers()
    {
        var parts = new List<string>();
        if (TotalEpochs > 0)
            parts.Add($"epoch {Epoch}/{TotalEpochs}");
        if (Loss is { } loss)
            parts.Add($"loss {loss:0.0000}");
        if (Accuracy is { } accuracy)
            parts.Add($"accuracy {accuracy:0.0000}");
        if (EtaSeconds is { } eta && State == "running")
            parts.Add($"ETA {Format.Seconds(eta)}");
        return string.Join("  ", parts);
    }
}
