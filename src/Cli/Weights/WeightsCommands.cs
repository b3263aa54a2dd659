using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Amazon.S3;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using VisionPlatform.Application.Training;
using VisionPlatform.Cli.Databases;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Cli.Weights;

/// <summary><c>weights</c>: pretrained weights of models, which operators bring as files. Nothing is fetched from a hub.</summary>
internal static class WeightsCommands
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Command Build() => new("weights", "Imports, lists and removes the pretrained weights of models. Jobs use them with config.pretrained.")
    {
        BuildImport(), BuildList(), BuildShow(), BuildRemove(),
    };

    private static Command BuildImport()
    {
        var file = new Argument<FileInfo>("file") { Description = "The weights as the trainer reads them; for torchvision, timm and huggingface a state dict or a checkpoint of the trainer." };
        var (trainer, model) = Names();
        var licence = new Option<string?>("--licence") { Description = "Terms under which the weights may be used; people see it.", HelpName = "TEXT" };
        var command = new Command("import", "Stores a file in the bucket of weights with its SHA-256 and a record. The same file again changes nothing; other weights of the model have to be removed first.")
        {
            file, trainer, model, licence,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var (path, text) = (parsed.GetValue(file)!, parsed.GetValue(licence));
            if (!path.Exists)
                throw CommandException.Usage($"there is no file {path.FullName}.");
            foreach (var (name, value) in new[] { (trainer.Name, parsed.GetValue(trainer)!), (model.Name, parsed.GetValue(model)!) })
                if (value.Length is 0 or > 100 || value.Any(letter => !char.IsAsciiLetterOrDigit(letter) && letter is not ('.' or '-' or '_')) || value.All(letter => letter == '.'))
                    throw CommandException.Usage($"{name} is a name of letters, digits, dots, dashes and underscores.");
            if (text is { Length: > 500 })
                throw CommandException.Usage("--licence has at most 500 characters.");
            var (weights, isKnown) = await WithWeightsAsync(
                async (lifecycle, _) =>
                {
                    await using var content = path.OpenRead();
                    return await lifecycle.ImportAsync(parsed.GetValue(trainer)!, parsed.GetValue(model)!, content, path.Name, text, cancellation);
                }, cancellation);
            var output = parsed.InvocationConfiguration.Output;
            await output.WriteLineAsync($"{Line(weights)}: jobs use them with config.{PretrainedWeights.Field}");
            if (!isKnown)
                await output.WriteLineAsync($"warning: no trainer {weights.Framework} has answered yet, so the name of the model was not checked");
            return ExitCode.Success;
        });
        return command;
    }

    private static Command BuildList()
    {
        var json = new Option<bool>("--json") { Description = "Prints JSON." };
        var command = new Command("list", "Lists the weights that were imported.") { json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var all = await WithWeightsAsync((_, database) => database.PretrainedWeights.AsNoTracking().OrderBy(row => row.Framework).ThenBy(row => row.Model).ToListAsync(cancellation), cancellation);
            var output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
                await output.WriteLineAsync(JsonSerializer.Serialize(all, Json));
            else if (all.Count == 0)
                await output.WriteLineAsync("no weights; platform-cli weights import brings some");
            else
                foreach (var weights in all)
                    await output.WriteLineAsync(Line(weights));
            return ExitCode.Success;
        });
        return command;
    }

    private static Command BuildShow()
    {
        var (trainer, model) = Names();
        var command = new Command("show", "Shows the record of a model's weights as JSON.") { trainer, model };
        command.SetAction(async (parsed, cancellation) =>
        {
            var (framework, name) = (parsed.GetValue(trainer)!, parsed.GetValue(model)!);
            var weights = await WithWeightsAsync((_, database) => database.PretrainedWeights.AsNoTracking().SingleOrDefaultAsync(row => row.Framework == framework && row.Model == name, cancellation), cancellation)
                ?? throw new CommandException($"{framework}'s {name} has no weights");
            await parsed.InvocationConfiguration.Output.WriteLineAsync(JsonSerializer.Serialize(weights, Json));
            return ExitCode.Success;
        });
        return command;
    }

    private static Command BuildRemove()
    {
        var (trainer, model) = Names();
        var command = new Command("remove", "Removes the weights of a model, unless a job that has not ended begins with them.") { trainer, model };
        command.SetAction(async (parsed, cancellation) =>
        {
            var removed = await WithWeightsAsync((lifecycle, _) => lifecycle.RemoveAsync(parsed.GetValue(trainer)!, parsed.GetValue(model)!, cancellation), cancellation);
            await parsed.InvocationConfiguration.Output.WriteLineAsync($"removed {Line(removed)}");
            return ExitCode.Success;
        });
        return command;
    }

    private static (Option<string> Trainer, Option<string> Model) Names() => (
        new Option<string>("--trainer") { Description = "Trainer that has the model.", HelpName = "NAME", Required = true },
        new Option<string>("--model") { Description = "Name of the model in the trainer's catalogue.", HelpName = "NAME", Required = true });

    private static string Line(PretrainedWeights weights) => string.Create(
        CultureInfo.InvariantCulture,
        $"{weights.Framework} {weights.Model}: {weights.FileName}, {weights.Size:N0} bytes, SHA-256 {weights.Sha256}, {(weights.Licence is { } licence ? $"licence {Failure.OneLine(licence)}" : "no licence given")}");

    private static async Task<T> WithWeightsAsync<T>(Func<WeightsLifecycle, PlatformDatabase, Task<T>> use, CancellationToken cancellation)
    {
        var configuration = await Settings.ReadAsync(cancellation);
        StorageSettings storage;
        try
        {
            storage = SettingsReader.Read(configuration, StorageSettings.From);
        }
        catch (SettingsException wrong)
        {
            throw CommandException.Usage(wrong.Message);
        }
        using var stores = new ObjectStores(storage, TimeProvider.System);
        await using var connection = new NpgsqlConnection(MigrationTarget.All(configuration).Single(target => target.Name == Infrastructure.Persistence.Databases.Platform).ConnectionString);
        await using var database = Infrastructure.Persistence.Databases.OfPlatform.Open(connection);
        try
        {
            return await use(new WeightsLifecycle(database, stores, TimeProvider.System), database);
        }
        catch (AmazonS3Exception missing) when (missing.ErrorCode == "NoSuchBucket")
        {
            throw new CommandException($"there is no bucket '{storage.WeightsBucket}' on {storage.Weights.Endpoint}: run platform-cli storage init", inner: missing);
        }
        catch (NpgsqlException away) when (away is not PostgresException)
        {
            throw CommandException.Unavailable($"the database does not answer: {away.Message}", away);
        }
    }
}
