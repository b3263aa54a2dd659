using VisionPlatform.Cli.Demo.Api;
using VisionPlatform.Cli.Demo.Rendering;

namespace VisionPlatform.Cli.Demo.Steps;

/// <summary>Shows what the trainers offer and checks that the wanted model is there.</summary>
internal static class Capabilities
{
    private static readonly TimeSpan _trainerStart = TimeSpan.FromSeconds(60);

    /// <exception cref="CommandException">The framework is unknown or offline, or does not offer the model.</exception>
    public static async Task CheckAsync(PlatformClient api, DemoOptions options, Terminal terminal, CancellationToken cancellation)
    {
        var trainers = await terminal.WhileAsync("asking the trainers what they offer", _ => Polling.UntilAsync(
            $"waiting for a {options.Framework} trainer to be online", _trainerStart, () => api.ListTrainersAsync(cancellation),
            all => all.Any(t => t.Framework == options.Framework && t.State == "online") || all.All(t => t.Framework != options.Framework), cancellation));
        foreach (var trainer in trainers)
            Show(trainer, terminal);
        var chosen = trainers.FirstOrDefault(t => t.Framework == options.Framework)
            ?? throw CommandException.Usage($"no trainer for '{options.Framework}'; there is: {string.Join(", ", trainers.Select(t => t.Framework))}.");
        if (chosen.Capabilities?.Models is { } models && models.All(m => m.Name != options.Model))
            throw CommandException.Usage($"{options.Framework} has no model '{options.Model}'; it has: {string.Join(", ", models.Select(m => m.Name))}.");
    }

    private static void Show(Trainer trainer, Terminal terminal)
    {
        var has = trainer.Capabilities;
        var device = has?.Devices is [var first, ..] ? $", {first.Type} {first.Name}".TrimEnd() : "";
        var exports = has?.ExportFormats is { Count: > 0 } formats ? $", exports {string.Join(", ", formats.Select(f => f.Format))}" : "";
        terminal.Line($"trainer {trainer.Framework} {trainer.State}{device}, {Format.Count(has?.Slots ?? 0, "slot")}{exports}");
        if (has?.Models is not { Count: > 0 } models)
            return;
        var table = Tables.With("model", "parameters", "image size");
        foreach (var model in models)
            table.Row(model.Name, model.Parameters?.ToString("#,0") ?? "-", model.DefaultImageSize is { } size ? $"{size} px" : "-");
        terminal.Table(table, depth: 2);
    }
}
