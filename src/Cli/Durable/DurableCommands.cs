using System.CommandLine;
using System.Text.Json;
using Microsoft.DurableTask.Converters;
using VisionPlatform.Application.Modules;
using VisionPlatform.Cli.Operations;
using VisionPlatform.Functions.Embedded.Durable;

namespace VisionPlatform.Cli.Durable;

/// <summary>Looks at the orchestrations of an installation on the embedded host: what one waits for, and whether all of them can go on with this build.</summary>
internal static class DurableCommands
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private static Option<string> HubOption() => new("--hub") { Description = "Name of the task hub, as in host.json.", DefaultValueFactory = _ => "platform" };

    private static Option<bool> JsonOption() => new("--json") { Description = "Write JSON." };

    public static Command Build() => new("durable", "Explains orchestrations and checks before a deployment that they can go on.") { BuildExplain(), BuildPreflight() };

    private static Command BuildExplain()
    {
        var instance = new Argument<string>("instance") { Description = "Id of the instance, or of the job, export, version or deployment that it works for." };
        var (hub, json) = (HubOption(), JsonOption());
        var command = new Command("explain", "Says what an orchestration waits for, since when, who can run it and when it wakes next.") { instance, hub, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var output = parsed.InvocationConfiguration.Output;
            await using var inspector = await OpenAsync(parsed.GetValue(hub)!, cancellation);
            var explanation = await FindAsync(inspector, parsed.GetValue(instance)!, cancellation)
                ?? throw new CommandException($"the hub '{parsed.GetValue(hub)}' has no orchestration of the id '{parsed.GetValue(instance)}'.");
            if (parsed.GetValue(json))
                await output.WriteLineAsync(JsonSerializer.Serialize(explanation, Json));
            else
                await WriteAsync(explanation, output);
            return ExitCode.Success;
        });
        return command;
    }

    private static Command BuildPreflight()
    {
        var (hub, json) = (HubOption(), JsonOption());
        var command = new Command("preflight", "Replays every orchestration in flight with this build, and ends with 1 when one could not go on. Changes nothing.") { hub, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var output = parsed.InvocationConfiguration.Output;
            await using var inspector = await OpenAsync(parsed.GetValue(hub)!, cancellation);
            var (count, stuck) = (0, new List<ReplayCheck>());
            await foreach (var check in inspector.CheckReplaysAsync(cancellation))
            {
                count++;
                if (check.Problem is not null)
                    stuck.Add(check);
            }
            var unknown = await inspector.UnknownActivitiesAsync(cancellation);
            if (parsed.GetValue(json))
                await output.WriteLineAsync(JsonSerializer.Serialize(new { inFlight = count, stuck, unknownActivities = unknown }, Json));
            else
            {
                foreach (var check in stuck)
                    await output.WriteLineAsync($"{check.InstanceId} ({check.Orchestrator}): {check.Problem}");
                foreach (var activity in unknown)
                    await output.WriteLineAsync($"activity '{activity.Activity}': {activity.Calls} calls wait for it, and this build does not have it.");
                await output.WriteLineAsync($"{count} orchestrations in flight, {stuck.Count} cannot go on with this build, {unknown.Count} activities are missing");
            }
            return stuck.Count + unknown.Count == 0 ? ExitCode.Success : ExitCode.Failed;
        });
        return command;
    }

    /// <summary>Opens the hub of the settings, to replay with this build.</summary>
    internal static async Task<HubInspector> OpenAsync(string hub, CancellationToken cancellation)
    {
        var configuration = await Settings.ReadAsync(cancellation);
        return string.IsNullOrEmpty(configuration["DURABLE_DATABASE_URL"]) && string.IsNullOrEmpty(configuration["DATABASE_URL"])
            ? throw CommandException.Usage("set DURABLE_DATABASE_URL or DATABASE_URL to the database of the orchestrations.")
            : HubInspector.Open(configuration, hub, new OrchestratorCode(
                LocalFunctions.Orchestrators, LocalFunctions.Activities, LocalFunctions.ReplayAsync, new JsonDataConverter(LocalFunctions.Json)));
    }

    private static async Task<InstanceExplanation?> FindAsync(HubInspector inspector, string id, CancellationToken cancellation)
    {
        foreach (var candidate in RecoverableWork.InstancesOf(id))
            if (await inspector.ExplainAsync(candidate, cancellation) is { } explanation)
                return explanation;
        return null;
    }

    /// <summary>Writes an explanation for people.</summary>
    internal static async Task WriteAsync(InstanceExplanation explanation, TextWriter output)
    {
        await output.WriteLineAsync($"{explanation.InstanceId}: {explanation.Orchestrator}, {explanation.Status}");
        await output.WriteLineAsync(explanation.Summary);
        await output.WriteLineAsync($"  scheduled    {explanation.CreatedAt:u}");
        await output.WriteLineAsync($"  last turn    {explanation.UpdatedAt:u}");
        foreach (var wait in explanation.WaitsFor)
            await output.WriteLineAsync($"  waits since  {wait.Since:u} for {wait.Text}");
        if (explanation.NextWakeUp is { } next)
            await output.WriteLineAsync($"  wakes at     {next:u}");
        await output.WriteLineAsync($"  can run it   {(explanation.CanRun.Count == 0 ? "nobody" : string.Join(", ", explanation.CanRun))}");
        if (explanation.ReplayError is { } error)
            await output.WriteLineAsync($"  this build   {error}");
    }
}
