using Microsoft.Extensions.Configuration;
using VisionPlatform.Application;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Infrastructure.Tests.Settings;

public sealed class PlatformSettingsTests
{
    [Fact]
    public void Every_problem_is_named_at_once_and_no_secret_is_shown()
    {
        var wrong = Assert.Throws<SettingsException>(() => Read(
            ("DATABASE_URL", "postgresql://user:hidden-password@"), ("USER_DATABASE_URL", ""), ("EXTERNAL_STORAGE_ENDPOINT", "storage.example.com"),
            ("JWT_SECRET", "hidden-but-short"), ("DB_POOL_SIZE", "many"), ("TRAINER_TORCHVISION_URL", "torchvision"), ("LOG_FORMAT", "xml"),
            ("CORS_ORIGINS", "https://console.example.com/app"), ("ACCESS_TOKEN_EXPIRE_MINUTES", "-1"), ("JWT_ALGORITHM", "none")));

        string[] expected =
        [
            "DATABASE_URL is not a PostgreSQL URL", "USER_DATABASE_URL is not set", "EXTERNAL_STORAGE_ENDPOINT must be an http or https URL, not 'storage.example.com'",
            "JWT_SECRET is shorter", "DB_POOL_SIZE must be a whole number", "TRAINER_TORCHVISION_URL must be", "LOG_FORMAT must be text or json, not 'xml'",
            "CORS_ORIGINS takes origins without a path", "ACCESS_TOKEN_EXPIRE_MINUTES must be a number above 0", "JWT_ALGORITHM must be HS256",
        ];
        Assert.All(expected, text => Assert.Contains(wrong.Problems, problem => problem.StartsWith(text, StringComparison.Ordinal)));
        Assert.Equal(expected.Length, wrong.Problems.Count);
        Assert.DoesNotContain("hidden", wrong.Message);
    }

    [Fact]
    public void The_text_of_settings_leaves_their_secrets_out()
    {
        var values = PlatformSettings.Declared().Where(setting => setting.IsSecret).ToDictionary(setting => setting.Name, setting => setting.Type switch
        {
            "PostgreSQL URL" => "postgresql://user:hidden-password@database.example.com/platform",
            _ => "hidden-" + new string('x', 40),
        });

        var settings = Read([.. values.Select(pair => (pair.Key, pair.Value))]);

        Assert.All(
            [settings, settings.Databases, settings.Storage, settings.Storage.External, settings.Accounts, settings.Hosting, settings.Trainers, settings.LanguageModel, settings.Vault, settings.FunctionsHost],
            (object concern) => Assert.DoesNotContain("hidden", concern.ToString()));
        Assert.StartsWith("hidden", settings.Accounts.Secret);
    }

    [Fact]
    public void The_names_that_cloudflare_and_the_labeler_use_work_too()
    {
        var settings = Read(
            ("EXTERNAL_STORAGE_ENDPOINT", null), ("EXTERNAL_STORAGE_ACCESS_KEY", null), ("EXTERNAL_STORAGE_SECRET_KEY", null), ("R2_ACCOUNT_ID", "0123abcd"),
            ("R2_ACCESS_KEY_ID", "the key"), ("R2_SECRET_ACCESS_KEY", "its secret"), ("R2_BUCKET", "images"), ("LABELER_DB_URL", "postgresql://labeler@db.example.com/labeler"));

        var store = settings.Storage.External;
        Assert.Equal(("https://0123abcd.r2.cloudflarestorage.com/", "the key", "its secret", "auto", "images"), (store.Endpoint.ToString(), store.AccessKey, store.SecretKey, store.Region, store.Bucket));
        Assert.Contains("Database=labeler", settings.Databases.LabelerDatabase);
        Assert.Equal("https://eu.r2.example.com/", Read(("R2_ACCOUNT_ID", "0123abcd"), ("EXTERNAL_STORAGE_ENDPOINT", null), ("R2_ENDPOINT", "https://eu.r2.example.com")).Storage.Internal.Endpoint.ToString());
    }

    [Fact]
    public void Its_own_name_wins_over_another_one_of_the_same_setting() =>
        Assert.Equal("own", Read(("EXTERNAL_STORAGE_ACCESS_KEY", "own"), ("R2_ACCESS_KEY_ID", "other")).Storage.External.AccessKey);

    [Fact]
    public void Secrets_of_the_example_file_are_refused_where_others_reach_the_platform()
    {
        var example = PlatformSettings.Declared().Single(setting => setting.Name == "JWT_SECRET").Example;

        Read(("JWT_SECRET", example), ("PUBLIC_URL", "http://localhost:7071"));

        var wrong = Assert.Throws<SettingsException>(() => Read(("JWT_SECRET", example), ("PUBLIC_URL", "https://platform.example.com")));
        Assert.Equal("JWT_SECRET is still the one of local.settings.example.json, which everybody knows.", wrong.Message);
    }

    [Fact]
    public void Settings_of_the_functions_host_are_read_by_the_names_it_has() =>
        Assert.Equal("https://tables.example.com/", Read(("AzureWebJobsStorage__tableServiceUri", "https://tables.example.com")).FunctionsHost.TableUrl?.ToString());

    /// <summary>The example's settings, changed by those given.</summary>
    private static PlatformSettings Read(params (string Name, string? Value)[] settings)
    {
        var values = new Dictionary<string, string?>
        {
            ["DATABASE_URL"] = "postgresql://platform@127.0.0.1/platform",
            ["USER_DATABASE_URL"] = "postgresql://platform@127.0.0.1/users",
            ["EXTERNAL_STORAGE_ENDPOINT"] = "http://127.0.0.1:9000",
            ["EXTERNAL_STORAGE_ACCESS_KEY"] = "key",
            ["EXTERNAL_STORAGE_SECRET_KEY"] = "secret",
            ["JWT_SECRET"] = "a secret of the tests that is long enough",
        };
        foreach (var (name, value) in settings)
            values[name.Replace("__", ":", StringComparison.Ordinal)] = value;
        return PlatformSettings.From(new ConfigurationBuilder().AddInMemoryCollection(values).Build());
    }
}
