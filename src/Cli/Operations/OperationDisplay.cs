using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using VisionPlatform.Application.Operations;
using VisionPlatform.Domain.Operations;

namespace VisionPlatform.Cli.Operations;

/// <summary>Progress of an operation: a live line with throughput and time left on a terminal, a plain line for each phase elsewhere.</summary>
internal sealed class OperationDisplay(TextWriter error, bool isQuiet)
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(200);

    private readonly Lock _lock = new();
    private string _status = "";
    private RemoteProgress? _remote;

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
        ShowText(parsed.RootElement.ValueKind == JsonValueKind.String ? parsed.RootElement.GetString()! : status);
    }

    /// <summary>Shows how far an operation in an app is, which its own meter cannot know.</summary>
    public void ShowProgress(RemoteProgress progress)
    {
        lock (_lock)
            _remote = progress;
    }

    /// <summary>Shows what is being done.</summary>
    public void ShowText(string text)
    {
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
        lock (_lock)
        {
            if (_remote is { } remote)
                return Line(_status.Length > 0 ? remote with { Phase = _status } : remote);
            var (items, expectedItems, bytes, expected) = (Meter.Items, Meter.ExpectedItems, Meter.Bytes, Meter.ExpectedBytes);
            var seconds = Math.Max(elapsed.TotalSeconds, 0.1);
            return Line(new RemoteProgress(
                _status.Length > 0 ? _status : Meter.Phase, items, bytes, expectedItems > 0 ? expectedItems : null, expected > 0 ? expected : null, bytes > 0 ? bytes / seconds : null,
                PhaseEta.Seconds(items, expectedItems, bytes, expected, seconds)));
        }
    }

    internal static string Line(RemoteProgress progress)
    {
        var parts = new List<string> { progress.Phase ?? "" };
        if (progress.Items > 0 || progress.ExpectedItems > 0)
            parts.Add(progress.ExpectedItems is { } all ? $"{progress.Items} of {all} done" : $"{progress.Items} done");
        if (progress.Bytes > 0 || progress.ExpectedBytes > 0)
            parts.Add(progress.ExpectedBytes is { } expected ? $"{Size(progress.Bytes)} of {Size(expected)}" : Size(progress.Bytes));
        if (progress.BytesPerSecond is { } rate)
            parts.Add($"{Size((long)rate)}/s");
        if (progress.EtaSeconds is { } left)
            parts.Add($"{TimeSpan.FromSeconds(left):hh\\:mm\\:ss} left");
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
