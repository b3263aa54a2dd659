using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace VisionPlatform.Bench;

/// <summary>The command line names something that does not exist.</summary>
public sealed class BenchArgumentException(string message) : Exception(message);

/// <summary>Results go to stdout, one JSON object a line; progress goes to stderr.</summary>
public static class Report
{
    private static readonly JsonSerializerOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Progress(string text) => Console.Error.WriteLine($"  {text}");

    /// <summary>
    /// Prints a result: <c>scenario</c>, <c>n</c> (operations of the scenario), <c>p50Ms</c> and <c>p95Ms</c> of <paramref name="milliseconds"/>,
    /// <c>perSecond</c>, other values of the scenario, and <c>load</c>, the machine's load average of the last minute.
    /// </summary>
    public static void Result(string scenario, int n, IReadOnlyCollection<double> milliseconds, double perSecond, JsonObject? extra = null)
    {
        var line = new JsonObject
        {
            ["scenario"] = scenario,
            ["n"] = n,
            ["p50Ms"] = Rounded(Percentile(milliseconds, 50)),
            ["p95Ms"] = Rounded(Percentile(milliseconds, 95)),
            ["perSecond"] = Rounded(perSecond),
        };
        foreach ((string name, JsonNode? value) in extra ?? [])
            line[name] = value?.DeepClone();
        line["load"] = Load();
        Console.Out.WriteLine(line.ToJsonString(s_json));
        Console.Out.Flush();
    }

    /// <summary>
    /// Prints a result beside another program's of the same run: <c>scenario</c>, <c>n</c>, <c>seconds</c>, <c>peerSeconds</c>, <c>ratio</c> (how many times
    /// as fast as the peer), <c>peakMb</c> (most resident memory of ours), other values, and <c>load</c>.
    /// </summary>
    public static void Comparison(string scenario, int n, double seconds, double peerSeconds, double peakMb, JsonObject? extra = null)
    {
        var line = new JsonObject
        {
            ["scenario"] = scenario, ["n"] = n, ["seconds"] = Rounded(seconds), ["peerSeconds"] = Rounded(peerSeconds), ["ratio"] = Rounded(peerSeconds / seconds), ["peakMb"] = Rounded(peakMb),
        };
        foreach ((string name, JsonNode? value) in extra ?? [])
            line[name] = value?.DeepClone();
        line["load"] = Load();
        Console.Out.WriteLine(line.ToJsonString(s_json));
        Console.Out.Flush();
    }

    /// <summary>The smallest value that is at least as large as the given percentage of the values; 0 if there are none.</summary>
    public static double Percentile(IReadOnlyCollection<double> values, double percent)
    {
        if (values.Count == 0)
            return 0;
        double[] sorted = [.. values.Order()];
        return sorted[Math.Clamp((int)Math.Ceiling(percent / 100 * sorted.Length) - 1, 0, sorted.Length - 1)];
    }

    public static double Rounded(double value) => Math.Round(value, value < 10 ? 2 : value < 1000 ? 1 : 0);

    private static double Load() => double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);
}
