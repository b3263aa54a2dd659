using Spectre.Console;
using VisionPlatform.Cli.Demo.Api;
using VisionPlatform.Cli.Demo.Rendering;

namespace VisionPlatform.Cli.Demo.Steps;

/// <summary>Shows the results of a completed job: metrics, checkpoints, and the model version with its confusion matrix.</summary>
internal static class TrainingReport
{
    public static async Task<ModelVersion> ShowAsync(PlatformClient api, TrainingJob job, Terminal terminal, CancellationToken cancellation)
    {
        if (job is not { ModelId: { } modelId, ModelVersionId: { } versionId })
            throw new CommandException($"job {job.Id} is completed but names no model version.");
        terminal.Line($"final metrics: {Format.Metrics(job.FinalMetrics)}");
        terminal.Line($"best metrics{(job.BestEpoch is { } best ? $" (epoch {best})" : "")}: {Format.Metrics(job.BestMetrics)}");
        ShowCheckpoints(await api.ListCheckpointsAsync(job.Id, cancellation), job.BestEpoch, terminal);
        var version = await api.GetModelVersionAsync(modelId, versionId, cancellation);
        terminal.Line($"model version {version.Number} ({version.Architecture}) [dim]{version.Id}[/]: {Format.Metrics(version.Metrics)}");
        if (version.ConfusionMatrix is { } matrix)
            ShowConfusion(version.Classes, matrix, terminal);
        if (version.PerClass is { } scores)
            terminal.Table(Scores(scores));
        return version;
    }

    private static void ShowConfusion(IReadOnlyList<string> classes, int[][] matrix, Terminal terminal)
    {
        terminal.EmptyLine();
        if (ConfusionTable.Of(classes, matrix) is { } table)
            terminal.Table(table);
        else
            terminal.Line($"(a matrix of {matrix.Length} rows does not fit {classes.Count} classes)");
        terminal.EmptyLine();
    }

    private static void ShowCheckpoints(IReadOnlyList<Checkpoint> checkpoints, int? bestEpoch, Terminal terminal)
    {
        terminal.Line($"{Format.Count(checkpoints.Count, "checkpoint")} in object storage:");
        var table = Tables.With("name", "epoch", "size", "accuracy", "sha256");
        foreach (var checkpoint in checkpoints)
        {
            table.Row(
                checkpoint.Name + (checkpoint.Epoch == bestEpoch ? " (best)" : ""), checkpoint.Epoch.ToString(), Format.Size(checkpoint.Size),
                Format.Share(Format.Number(checkpoint.Metrics, "accuracy")), checkpoint.Sha256 is { Length: > 12 } hash ? hash[..12] : "-");
        }
        terminal.Table(table, depth: 2);
    }

    private static Grid Scores(IReadOnlyList<ClassScores> scores)
    {
        var table = Tables.With("class", "precision", "recall", "f1", "images");
        foreach (var score in scores)
            table.Row(score.Class, Format.Share(score.Precision), Format.Share(score.Recall), Format.Share(score.F1), score.Support.ToString());
        return table;
    }
}
