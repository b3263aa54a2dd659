using System.Collections.Concurrent;
using VisionPlatform.Cli.Demo.Api;
using VisionPlatform.Cli.Demo.Rendering;

namespace VisionPlatform.Cli.Demo.Steps;

/// <summary>Exports a model version to both formats at once and shows how each was validated against the checkpoint.</summary>
internal static class Export
{
    private static readonly string[] _formats = ["onnx", "torchscript"];
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(15);

    /// <summary>The exports that have ended, including failed ones.</summary>
    public static async Task<IReadOnlyList<ModelExport>> RunAsync(PlatformClient api, ModelVersion model, Terminal terminal, CancellationToken cancellation)
    {
        var started = await api.StartExportsAsync(model.Id, _formats, cancellation);
        var ended = await terminal.WhileAsync("exporting", progress =>
        {
            var states = new ConcurrentDictionary<string, string>();
            return Task.WhenAll(started.Select(export => WaitAsync(api, export, terminal, now =>
            {
                states[now.Format] = now.State;
                progress.Show(string.Join(", ", states.OrderBy(state => state.Key, StringComparer.Ordinal).Select(state => $"{state.Key} {state.Value}")));
            }, cancellation)));
        });
        var table = Tables.With("format", "size", "samples", "max abs diff", "tolerance", "top-1 agreement", "accuracy", "checkpoint", "valid");
        foreach (var export in ended)
        {
            var validation = export.Validation;
            table.Row(
                export.Format, export.Size is { } size ? Format.Size(size) : "-", validation?.Samples.ToString() ?? "-",
                validation?.MaxAbsDiff?.ToString("0.0e+0") ?? "-", validation?.Tolerance?.ToString("0.#####") ?? "-",
                Format.Share(validation?.Top1Agreement), Format.Share(validation?.Accuracy), Format.Share(validation?.ReferenceAccuracy),
                validation is { Passed: true } ? "yes" : "no");
        }
        terminal.Table(table);
        return ended;
    }

    /// <summary>The exports, if each completed and predicts like the checkpoint.</summary>
    /// <exception cref="CommandException">An export failed or predicts differently.</exception>
    public static IReadOnlyList<ModelExport> Checked(IReadOnlyList<ModelExport> exports)
    {
        foreach (var export in exports)
        {
            if (export.State != "completed")
                throw new CommandException($"the {export.Format} export ended as '{export.State}'. {export.Error?.Describe()}");
            if (export.Validation is not { Passed: true })
                throw new CommandException($"the {export.Format} export does not predict as the checkpoint does (largest difference {export.Validation?.MaxAbsDiff}, {export.Validation?.Tolerance} is allowed).");
        }
        return exports;
    }

    private static async Task<ModelExport> WaitAsync(PlatformClient api, ModelExport export, Terminal terminal, Action<ModelExport> show, CancellationToken cancellation)
    {
        var ended = await Polling.UntilAsync(
            $"the {export.Format} export", _limit,
            async () =>
            {
                var now = await api.GetExportAsync(export.Id, cancellation);
                show(now);
                return now;
            },
            e => e.Ended, cancellation);
        terminal.Line($"{ended.Format} {ended.State} [dim]{ended.Id}[/]");
        return ended;
    }
}
