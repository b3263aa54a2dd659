using System.Text;

namespace VisionPlatform.Cli.Demo.Rendering;

/// <summary>The last that is known about a running job; <see cref="ToString"/> is its progress line.</summary>
internal sealed class TrainingProgress
{
    private const int BarWidth = 20;

    public string State { get; set; } = "pending";
    public int Epoch { get; set; }
    public int TotalEpochs { get; set; }
    public double? Loss { get; set; }
    public double? Accuracy { get; set; }
    public double? EtaSeconds { get; set; }

    public override string ToString()
    {
        var line = new StringBuilder($"  {State}");
        if (TotalEpochs > 0)
            line.Append($"  {Bar((double)Epoch / TotalEpochs)}");
        return line.Append(Numbers()).ToString();
    }

    /// <summary>The line for output that cannot be drawn again: no bar.</summary>
    public string PlainLine() => "  " + Numbers().TrimStart();

    private string Numbers()
    {
        var line = new StringBuilder();
        if (TotalEpochs > 0)
            line.Append($"  epoch {Epoch}/{TotalEpochs}");
        if (Loss is { } loss)
            line.Append($"  loss {loss:0.0000}");
        if (Accuracy is { } accuracy)
            line.Append($"  accuracy {accuracy:0.0000}");
        if (EtaSeconds is { } eta && State == "running")
            line.Append($"  ETA {Format.Seconds(eta)}");
        return line.ToString();
    }

    private static string Bar(double share)
    {
        var full = (int)Math.Round(Math.Clamp(share, 0, 1) * BarWidth);
        return new string('█', full) + new string('░', BarWidth - full);
    }
}
