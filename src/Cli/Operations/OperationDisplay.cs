using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using VisionPlatform.Application.Operations;

namespace VisionPlatform.Cli.Operations;

/// <summary>Progress of an operation: a live line with throughput and time left on a terminal, a plain line for each phase elsewhere.</summary>
internal sealed class OperationDisplay(TextWriter error, bool isQuiet)
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(200);

    private readonly Lock _lock = new();
    private string _status = "";

    public OperationMeter Meter { get; } = new();

    private bool IsTerminal => !isQuiet && ReferenceEquals(error, Console.Error) && !Console.IsErrorRedirected;

    /// <summary>Says under which id the operation can be resumed.</summary>
    public void Begin(string id, int finished)
    {
        if (!isQuiet)
            error.WriteLine(finished == 0 ? $"operation {id}" : $"operation {id}: goes on, {finished} steps are done");
    }

    /// <summary>Shows what the orchestrator is doing: its custom status, a JSON text or object.</summary>
    public void ShowStatus(string status)
    {
        using var parsed = JsonDocument.Parse(status);
        var text = parsed.RootElement.ValueKind == JsonValueKind.String ? parsed.RootElement.GetString()! : status;
        lock (_lock)
        {
            if (text == _status)
                return;
            _status = text;
            if (!isQuiet && !IsTerminal)
                error.WriteLine(text);
        }
    }

    /// <summary>Runs the operation under the live line.</summary>
    public async Task<T> WhileAsync<T>(Func<Task<T>> run)
    {
        if (!IsTerminal)
            return await run();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(error) });
        return await console.Status().Spinner(Spinner.Known.Line).StartAsync("starting", async shown =>
        {
            var work = run();
            var started = DateTimeOffset.UtcNow;
            while (await Task.WhenAny(work, Task.Delay(Refresh)) != work)
                shown.Status(Markup.Escape(Line(DateTimeOffset.UtcNow - started)));
            return await work;
        });
    }

    /// <summary>What is done, how fast, and how long the rest takes: <c>copy tables · 12 items · 340 MB of 1.2 GB · 85 MB/s · 10 s left</c>.</summary>
    internal string Line(TimeSpan elapsed)
    {
        string status;
        lock (_lock)
            status = _status;
        var (items, bytes, expected) = (Meter.Items, Meter.Bytes, Meter.ExpectedBytes);
        var parts = new List<string> { status.Length > 0 ? status : Meter.Phase };
        if (items > 0)
            parts.Add($"{items} done");
        if (bytes > 0)
        {
            var rate = bytes / Math.Max(elapsed.TotalSeconds, 0.1);
            parts.Add(expected > 0 ? $"{Size(bytes)} of {Size(expected)}" : Size(bytes));
            parts.Add($"{Size((long)rate)}/s");
            if (expected > bytes)
                parts.Add($"{TimeSpan.FromSeconds((expected - bytes) / rate):hh\\:mm\\:ss} left");
        }
        return string.Join(" · ", parts.Where(part => part.Length > 0));
    }

    /// <summary>Bytes with a decimal unit: <c>1.2 GB</c>.</summary>
    internal static string Size(long bytes)
    {
        string[] units = ["B", "kB", "MB", "GB", "TB"];
        var (value, unit) = ((double)bytes, 0);
        while (value >= 1000 && unit < units.Length - 1)
            (value, unit) = (value / 1000, unit + 1);
        return string.Create(CultureInfo.InvariantCulture, $"{value:0.#} {units[unit]}");
    }
}
