using Microsoft.Extensions.Configuration;
using VisionPlatform.Application.Modules;
using VisionPlatform.Application.Operations;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Cli.Operations;

/// <summary>
/// Databases and buckets as a command names them: a configured one by its name (<c>platform</c>, <c>datasets</c>), or <c>env:NAME</c> for one
/// whose address is in the environment. A database can also be a PostgreSQL URL; its password is then visible to other programs of the machine.
/// </summary>
internal static class CommandLocations
{
    public const string DatabaseHelp = "a configured database by name, env:VARIABLE that holds a PostgreSQL URL, or a PostgreSQL URL";

    public const string BucketHelp = "a configured bucket (datasets, internal), or env:PREFIX for PREFIX_ENDPOINT, _ACCESS_KEY, _SECRET_KEY, _BUCKET and _REGION";

    /// <summary>The connection string of a database.</summary>
    /// <exception cref="CommandException">It is unknown or no PostgreSQL URL. The message does not repeat the text, which may hold a password.</exception>
    public static string Database(string text, IConfiguration configuration)
    {
        if (AppModules.All.SelectMany(module => module.Databases).SingleOrDefault(database => database.Name == text) is { } known)
        {
            var all = AppModules.All.SelectMany(module => module.Databases);
            try
            {
                return SettingsReader.Read(configuration, reader => DatabaseSettings.From(reader, all)).ConnectionStrings[known.Name];
            }
            catch (SettingsException wrong)
            {
                throw CommandException.Usage(wrong.Message);
            }
        }
        var url = text.StartsWith("env:", StringComparison.Ordinal)
            ? configuration[text[4..]] ?? throw CommandException.Usage($"{text[4..]} is not set.")
            : text;
        return DatabaseSettings.Parse(url)?.ConnectionString
            ?? throw CommandException.Usage($"{(url == text ? "this" : text)} is not a database: write {DatabaseHelp}.");
    }

    /// <summary>Address and keys of a bucket.</summary>
    /// <exception cref="CommandException">It is unknown, or a variable is missing.</exception>
    public static BucketSettings Bucket(string text, IConfiguration configuration)
    {
        if (!text.StartsWith("env:", StringComparison.Ordinal))
        {
            try
            {
                return DataLocations.Of(null, StorageSettings.From(configuration)).Bucket(text);
            }
            catch (Exception wrong) when (wrong is SettingsException or Domain.Operations.OperationException)
            {
                throw CommandException.Usage($"{wrong.Message} Or write {BucketHelp}.");
            }
        }
        var prefix = text[4..];
        string Needed(string part) => configuration[$"{prefix}_{part}"] is { Length: > 0 } value ? value : throw CommandException.Usage($"{prefix}_{part} is not set.");
        if (!Uri.TryCreate(Needed("ENDPOINT"), UriKind.Absolute, out var endpoint) || endpoint.Scheme is not ("http" or "https"))
            throw CommandException.Usage($"{prefix}_ENDPOINT is not an http or https address.");
        return new BucketSettings(endpoint, Needed("ACCESS_KEY"), Needed("SECRET_KEY"), configuration[$"{prefix}_REGION"] ?? "auto", Needed("BUCKET"));
    }
}
