using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Application.Import;
using VisionPlatform.Application.Modules;
using VisionPlatform.Application.Operations;
using VisionPlatform.Cli.Operations;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Images;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Orchestrations.Import;

namespace VisionPlatform.Cli.Import;

/// <summary><c>import original</c>: brings people, projects, datasets and labels of the system that this product replaces.</summary>
internal static class ImportCommands
{
    /// <summary>Lines about rows in a report for people; <c>--json</c> has more.</summary>
    private const int MostLines = 50;

    public static Command Build() => new("import", "Imports what other systems hold.") { BuildOriginal() };

    private static Command BuildOriginal()
    {
        var sources = new Argument<string[]>("source")
        {
            Description = $"Databases of the other system; a table is looked for in each: {CommandLocations.DatabaseHelp}. They are only read.", Arity = ArgumentArity.ZeroOrMore,
        };
        var mapping = new Option<FileInfo?>("--mapping") { Description = "What tables, columns, roles and tasks of the other system mean here. Without it those that --print-mapping prints.", HelpName = "FILE" };
        var objects = new Option<string?>("--objects") { Description = $"The bucket with the other system's images: {CommandLocations.BucketHelp}. Without it no image is imported.", HelpName = "LOCATION" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Says what would be imported and what not, and changes nothing. Objects are looked for and not read." };
        var print = new Option<bool>("--print-mapping") { Description = "Prints the mapping that is used without --mapping." };
        var resume = new Option<string?>("--resume") { Description = "Goes on with an import that was interrupted.", HelpName = "ID" };
        var json = new Option<bool>("--json") { Description = "Prints the report as JSON, and no progress." };
        var command = new Command("original", "Imports the tables of the system that this product replaces: organizations, users, projects, datasets, images, labels. Run again, it adds only what is new; exit code 1 when rows were left.")
        {
            sources, mapping, objects, dryRun, print, resume, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var (output, error, isJson) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error, parsed.GetValue(json));
            if (parsed.GetValue(print))
            {
                await output.WriteAsync(OriginalMapping.DefaultText);
                return ExitCode.Success;
            }
            var setting = await ReadAsync(parsed.GetValue(sources)!, parsed.GetValue(mapping), parsed.GetValue(objects), cancellation);
            var report = parsed.GetValue(dryRun)
                ? await DryRunAsync(setting, cancellation)
                : await LocalOperation.RunAsync<ImportReport>(
                    nameof(ImportOriginal), setting.Request, parsed.GetValue(resume), setting.AddServices, setting.Locations, new OperationDisplay(error, isJson), cancellation);
            if (isJson)
                await output.WriteLineAsync(JsonSerializer.Serialize(report, LocalFunctions.Json));
            else
                foreach (var line in Lines(report, parsed.GetValue(dryRun)))
                    await output.WriteLineAsync(line);
            return report.Left == 0 ? ExitCode.Success : ExitCode.Failed;
        });
        return command;
    }

    private sealed record Setting(ImportRequest Request, DataLocations Locations, Action<IServiceCollection> AddServices);

    private static async Task<Setting> ReadAsync(string[] sources, FileInfo? mappingFile, string? objects, CancellationToken cancellation)
    {
        if (sources.Length == 0)
            throw CommandException.Usage("name the other system's databases (or --print-mapping).");
        if (mappingFile is { Exists: false })
            throw CommandException.Usage($"there is no file {mappingFile.FullName}.");
        var configuration = await Settings.ReadAsync(cancellation);
        var locations = new DataLocations();
        var names = sources.Select((source, n) => (Name: $"source-{n + 1}", Connection: CommandLocations.Database(source, configuration))).ToList();
        foreach (var (name, connection) in names)
            locations.AddDatabase(name, connection);
        var bucket = objects is null ? null : CommandLocations.Bucket(objects, configuration);
        if (bucket is not null)
            locations.AddBucket("objects", bucket);
        try
        {
            var mapping = OriginalMapping.Parse(mappingFile is null ? OriginalMapping.DefaultText : await File.ReadAllTextAsync(mappingFile.FullName, cancellation));
            var places = string.Join(" + ", names.Select(name => Place(name.Connection)).Append(bucket is null ? "no objects" : $"{bucket.Endpoint.GetLeftPart(UriPartial.Path)}{bucket.Bucket}"));
            return new Setting(new ImportRequest([.. names.Select(name => name.Name)], mapping, bucket is null ? null : "objects", places), locations, Services(configuration));
        }
        catch (OperationException wrong)
        {
            throw CommandException.Usage(wrong.Message);
        }
    }

    /// <summary>The databases and the store of this product, as the settings of the app name them.</summary>
    private static Action<IServiceCollection> Services(IConfiguration configuration)
    {
        var declared = AppModules.All.SelectMany(module => module.Databases).ToList();
        try
        {
            var (databases, storage, limits) = SettingsReader.Read(configuration, reader => (DatabaseSettings.From(reader, declared), StorageSettings.From(reader), DatasetLimits.From(reader)));
            return services =>
            {
                foreach (var database in declared)
                    database.AddTo(services, databases.ConnectionStrings[database.Name]);
                services.AddSingleton(storage).AddSingleton(limits).AddObjectStores().AddSingleton(new ImageInspector(limits.MaxImagePixels)).AddImports();
            };
        }
        catch (SettingsException wrong)
        {
            throw CommandException.Usage(wrong.Message);
        }
    }

    private static async Task<ImportReport> DryRunAsync(Setting setting, CancellationToken cancellation)
    {
        var services = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddSingleton(setting.Locations).AddSingleton(new OperationMeter());
        setting.AddServices(services);
        await using var provider = services.BuildServiceProvider();
        await using var scope = provider.CreateAsyncScope();
        try
        {
            return await scope.ServiceProvider.GetRequiredService<OriginalImports>().DryRunAsync(setting.Request, cancellation);
        }
        catch (OperationException refused)
        {
            throw new CommandException(refused.Message, inner: refused);
        }
    }

    private static IEnumerable<string> Lines(ImportReport report, bool isDryRun)
    {
        foreach (var table in report.Tables)
            yield return $"{table.Kind}: {table.Read} read, {table.Added} {(isDryRun ? "would be new" : "new")}, {table.Read - table.Added - table.Left} here already, {table.Left} left";
        foreach (var missing in report.Missing)
            yield return $"warning: the source has no table {missing}";
        foreach (var table in report.NotMapped)
            yield return $"warning: not imported, as the mapping does not name it: {table}";
        foreach (var issue in report.Issues.Take(MostLines))
            yield return $"{(issue.IsLeft ? "left" : "note")}: {issue.Kind} {Failure.OneLine(issue.OldId)}: {Failure.OneLine(issue.Reason)}";
        if (report.Issues.Count > MostLines)
            yield return $"… and {report.Issues.Count - MostLines}{(report.Issues.Count >= 1000 ? " or more" : "")} others; --json lists them, and the table import_issues has all";
        yield return report.Left == 0 ? "every row is here" : $"{report.Left} rows were left";
    }

    private static string Place(string connection) => new NpgsqlConnectionStringBuilder(connection) is var builder ? $"{builder.Host}:{builder.Port}/{builder.Database}" : "";
}
