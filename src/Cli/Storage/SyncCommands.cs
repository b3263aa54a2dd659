using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using VisionPlatform.Application.Operations;
using VisionPlatform.Cli.Operations;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Infrastructure.StorageSync;
using VisionPlatform.Orchestrations.Operations;

namespace VisionPlatform.Cli.Storage;

/// <summary><c>storage sync</c>, <c>storage restore</c> and <c>storage compare</c>.</summary>
internal static class SyncCommands
{
    private const string InterruptedHelp = "An interrupted run goes on with --resume.";

    public static Command BuildSync()
    {
        var delete = new Option<bool>("--delete") { Description = "Deletes what only the target has, after the copies. Never when the source lists nothing, more than --max-delete would go, or an object could not be copied." };
        var most = new Option<double>("--max-delete")
        {
            Description = "The largest share of the target's objects that --delete may remove.", HelpName = "SHARE", DefaultValueFactory = _ => 0.25, CustomParser = Share,
        };
        var yes = new Option<bool>("--yes") { Description = "Deletes without asking. Needed with --delete where nobody can be asked: in scripts, and with --json." };
        return Build("sync", $"Copies what TARGET lacks or has differently from SOURCE, any S3 store to any other. {InterruptedHelp}", (delete, most, yes));
    }

    public static Command BuildRestore() =>
        Build("restore", $"Brings objects back: the same as sync from where the copy is, without a way to delete. {InterruptedHelp}", null);

    public static Command BuildCompare()
    {
        var common = new CommonOptions();
        var checksum = new Option<bool>("--checksum") { Description = "Reads both objects where sizes are equal and nothing that the stores keep tells whether the content is." };
        var command = new Command("compare", "Reports every object in which two buckets differ; exit code 1 when they do. Changes nothing.") { checksum };
        common.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var (output, error, isJson) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error, parsed.GetValue(common.Json));
            var (buckets, locations) = await common.ReadAsync(parsed, cancellation);
            var lines = new DifferenceLines(output, isJson);
            var outcome = await LocalOperation.RunAsync<RangeOutcome>(
                nameof(CompareStorage), new StorageComparisonRequest(buckets, parsed.GetValue(checksum)), parsed.GetValue(common.Resume),
                services => services.AddStorageSync(new DifferenceReceiver { Found = lines.Write }), locations, new OperationDisplay(error, isJson), cancellation);
            await output.WriteLineAsync(isJson ? Json(outcome with { First = [] }) : $"{Counted(outcome.Equal)} equal, {outcome.Differing} differ");
            return outcome.Differing == 0 ? ExitCode.Success : ExitCode.Failed;
        });
        return command;
    }

    private static Command Build(string name, string description, (Option<bool> Delete, Option<double> Most, Option<bool> Yes)? deletion)
    {
        var common = new CommonOptions();
        var dryRun = new Option<bool>("--dry-run") { Description = "Says what would be copied and deleted, and changes nothing." };
        var command = new Command(name, description) { dryRun };
        if (deletion is { } options)
        {
            command.Add(options.Delete);
            command.Add(options.Most);
            command.Add(options.Yes);
        }
        common.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var (output, error, isJson) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error, parsed.GetValue(common.Json));
            var (buckets, locations) = await common.ReadAsync(parsed, cancellation);
            var request = new SyncRequest(buckets, deletion is not null && parsed.GetValue(deletion.Value.Delete), deletion is null ? 0 : parsed.GetValue(deletion.Value.Most), parsed.GetValue(dryRun));
            if (request is { Delete: true, IsDryRun: false } && !parsed.GetValue(deletion!.Value.Yes))
                await ConfirmAsync(request, locations, error, isJson, cancellation);
            var lines = new DifferenceLines(output, isJson);
            var report = await LocalOperation.RunAsync<SyncReport>(
                nameof(SyncStorage), request, parsed.GetValue(common.Resume), services => services.AddStorageSync(new DifferenceReceiver { Found = lines.Write }), locations,
                new OperationDisplay(error, isJson), cancellation);
            if (isJson)
                await output.WriteLineAsync(Json(report with { Summary = report.Summary with { First = [] } }));
            else
                foreach (var line in Lines(report, request))
                    await output.WriteLineAsync(line);
            if (report.NotDeleted is { } reason)
                throw new CommandException($"nothing more was deleted: {reason}");
            return report.Summary.Failed == 0 ? ExitCode.Success : throw new CommandException($"{report.Summary.Failed} objects could not be copied or deleted; the same command tries them again");
        });
        return command;
    }

    /// <summary>Shows what would be deleted, and asks. Nothing has been copied by then.</summary>
    private static async Task ConfirmAsync(SyncRequest request, DataLocations locations, TextWriter error, bool isJson, CancellationToken cancellation)
    {
        if (isJson || Console.IsInputRedirected)
            throw CommandException.Usage("--delete asks before it deletes, and nobody can answer here. Add --yes to delete without being asked, or --dry-run to see what would go.");
        var planned = await LocalOperation.RunAsync<SyncReport>(
            nameof(SyncStorage), request with { IsDryRun = true }, null, services => services.AddStorageSync(), locations, new OperationDisplay(error, isQuiet: false), cancellation);
        if (planned.Summary.OnlyAtTarget == 0 || planned.NotDeleted is not null)
            return;
        foreach (var line in Lines(planned, request))
            await error.WriteLineAsync(line);
        await error.WriteAsync($"Copy, and delete {Counted(planned.Summary.OnlyAtTarget)} that only the target has? Type yes: ");
        if (Console.ReadLine()?.Trim() is not "yes")
            throw new CommandException("nothing was copied or deleted");
    }

    private static IEnumerable<string> Lines(SyncReport report, SyncRequest request)
    {
        var sum = report.Summary;
        yield return $"source: {Counted(sum.SourceObjects)}, {OperationDisplay.Size(sum.SourceBytes)}; target before: {Counted(sum.TargetObjects)}";
        yield return $"{(report.IsDryRun ? "would copy" : "copied")} {Counted(sum.Copied)}, {OperationDisplay.Size(sum.CopiedBytes)}; {sum.Equal} were equal";
        if (sum.Vanished > 0)
            yield return $"{Counted(sum.Vanished)} were deleted at the source meanwhile";
        if (sum.OnlyAtTarget > 0)
            yield return !request.Delete ? $"{Counted(sum.OnlyAtTarget)} are only at the target"
                : report.IsDryRun ? $"would delete {sum.OnlyAtTarget} of {Counted(sum.TargetObjects)} of the target{(report.NotDeleted is null ? "" : ", but refuses to")}"
                : $"deleted {sum.Deleted} of {Counted(sum.TargetObjects)} of the target";
    }

    private static string Counted(long objects) => objects == 1 ? "1 object" : $"{objects} objects";

    private static string Json(object value) => JsonSerializer.Serialize(value, LocalFunctions.Json);

    private static double Share(ArgumentResult result)
    {
        var text = result.Tokens is [var token] ? token.Value : "";
        var isPercent = text.EndsWith('%');
        if (double.TryParse(text.TrimEnd('%'), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && (isPercent ? value / 100 : value) is >= 0 and <= 1 and var share)
            return share;
        result.AddError("--max-delete is a share, 0.25 or 25%.");
        return 0;
    }

    /// <summary>Bytes a second: <c>500K</c>, <c>10M</c>, <c>1G</c>.</summary>
    private static long? Rate(ArgumentResult result)
    {
        var text = result.Tokens is [var token] ? token.Value : "";
        var factor = text.ToUpperInvariant() switch { [.., 'K'] => 1_000L, [.., 'M'] => 1_000_000L, [.., 'G'] => 1_000_000_000L, _ => 1L };
        if (double.TryParse(factor == 1 ? text : text[..^1], NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value * factor is >= 1 and <= 1e15 and var rate)
            return (long)rate;
        result.AddError("--bandwidth is a number of bytes a second, 500K, 10M or 1G.");
        return null;
    }

    /// <summary>Source, target and the options that all three commands have.</summary>
    private sealed class CommonOptions
    {
        private readonly Argument<string> _source = new("source") { Description = $"The bucket to read: {CommandLocations.BucketHelp}." };
        private readonly Argument<string> _target = new("target") { Description = "The other bucket, named in the same way." };
        private readonly Option<string> _prefix = new("--prefix") { Description = "Only objects whose key begins like this.", HelpName = "KEY", DefaultValueFactory = _ => "" };
        private readonly Option<int> _parallel = NumberOption.Build("--parallel", "Objects at once.", TransferLimits.DefaultParallel, 1, 256);
        private readonly Option<long?> _bandwidth = new("--bandwidth")
        {
            Description = "Bytes a second over all transfers: 500K, 10M, 1G. What a store copies by itself does not count.", HelpName = "RATE", CustomParser = Rate,
        };

        public Option<string?> Resume { get; } = new("--resume") { Description = "Goes on with an operation that was interrupted.", HelpName = "ID" };

        public Option<bool> Json { get; } = new("--json") { Description = "Prints JSON lines: each difference, then the summary. No progress." };

        public void AddTo(Command command)
        {
            foreach (var argument in new Argument[] { _source, _target })
                command.Add(argument);
            foreach (var option in new Option[] { _prefix, _parallel, _bandwidth, Resume, Json })
                command.Add(option);
        }

        public async Task<(BucketPair Buckets, DataLocations Locations)> ReadAsync(ParseResult parsed, CancellationToken cancellation)
        {
            var configuration = await Settings.ReadAsync(cancellation);
            var (source, target) = (CommandLocations.Bucket(parsed.GetValue(_source)!, configuration), CommandLocations.Bucket(parsed.GetValue(_target)!, configuration));
            var locations = new DataLocations();
            locations.AddBucket("source", source);
            locations.AddBucket("target", target);
            var buckets = new BucketPair("source", "target", $"{Place(source)} → {Place(target)}", parsed.GetValue(_prefix)!, parsed.GetValue(_parallel), parsed.GetValue(_bandwidth));
            return (buckets, locations);
        }

        private static string Place(BucketSettings bucket) => $"{bucket.Endpoint.GetLeftPart(UriPartial.Path)}{bucket.Bucket}";
    }
}
