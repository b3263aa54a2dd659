using Microsoft.Extensions.Configuration;
using VisionPlatform.Application.Modules;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Tests.Modules;

public sealed class AppSettingsTests
{
    [Fact]
    public void All_problems_are_named_at_once_without_secrets()
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
    public void A_reference_to_a_key_vault_that_azure_did_not_resolve_is_no_value()
    {
        var wrong = Assert.Throws<SettingsException>(() => Read(
            ("EXTERNAL_STORAGE_SECRET_KEY", "@Microsoft.KeyVault(SecretUri=https://vault.example.com/secrets/EXTERNAL-STORAGE-SECRET-KEY)"), ("SMTP_PASSWORD", "@Microsoft.KeyVault(VaultName=vault;SecretName=SMTP-PASSWORD)")));

        Assert.All(["EXTERNAL_STORAGE_SECRET_KEY", "SMTP_PASSWORD"], name => Assert.Contains(wrong.Problems, problem => problem.StartsWith($"{name} is a reference to a key vault", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_text_of_settings_leaves_their_secrets_out()
    {
        var values = AppSettings.Declared().Where(setting => setting.IsSecret).ToDictionary(setting => setting.Name, setting => setting.Type switch
        {
            "PostgreSQL URL" => "postgresql://user:hidden-password@database.example.com/platform",
            "Base64" => "hidden" + new string('A', 37) + "=",
            _ => "hidden-" + new string('x', 40),
        });

        var settings = Read([.. values.Select(pair => (pair.Key, pair.Value)), ("EXTERNAL_STORAGE_UPLOAD_ACCESS_KEY", "uploads"), ("INTERNAL_STORAGE_UPLOAD_ACCESS_KEY", "uploads")]);

        Assert.All([.. settings.Records, settings.Get<StorageSettings>().External], record => Assert.DoesNotContain("hidden", record.ToString()));
        Assert.StartsWith("hidden", settings.Get<AccountSettings>().Secret);
    }

    [Fact]
    public void The_identity_for_uploads_signs_for_both_stores_of_one_account_and_needs_both_its_keys()
    {
        (string, string?)[] identity = [("EXTERNAL_STORAGE_UPLOAD_ACCESS_KEY", "uploads"), ("EXTERNAL_STORAGE_UPLOAD_SECRET_KEY", "their secret")];

        var same = Read(identity).Get<StorageSettings>();
        var other = Read([.. identity, ("INTERNAL_STORAGE_ENDPOINT", "https://other.example.com"), ("INTERNAL_STORAGE_ACCESS_KEY", "inner"), ("INTERNAL_STORAGE_SECRET_KEY", "its secret")]).Get<StorageSettings>();

        Assert.Equal(("uploads", "uploads"), (same.External.ForUploads.AccessKey, same.Internal.ForUploads.AccessKey));
        Assert.Equal(("uploads", "inner"), (other.External.ForUploads.AccessKey, other.Internal.ForUploads.AccessKey));
        Assert.Contains("belong together", Assert.Throws<SettingsException>(() => Read(identity[..1])).Message);
    }

    [Fact]
    public void The_names_that_cloudflare_uses_work_too()
    {
        var settings = Read(
            ("EXTERNAL_STORAGE_ENDPOINT", null), ("EXTERNAL_STORAGE_ACCESS_KEY", null), ("EXTERNAL_STORAGE_SECRET_KEY", null), ("R2_ACCOUNT_ID", "0123abcd"),
            ("R2_ACCESS_KEY_ID", "the key"), ("R2_SECRET_ACCESS_KEY", "its secret"), ("R2_BUCKET", "images"));

        var store = settings.Get<StorageSettings>().External;
        Assert.Equal(("https://0123abcd.r2.cloudflarestorage.com/", "the key", "its secret", "auto", "images"), (store.Endpoint.ToString(), store.AccessKey, store.SecretKey, store.Region, store.Bucket));
        Assert.Equal("https://eu.r2.example.com/", Read(("R2_ACCOUNT_ID", "0123abcd"), ("EXTERNAL_STORAGE_ENDPOINT", null), ("R2_ENDPOINT", "https://eu.r2.example.com")).Get<StorageSettings>().Internal.Endpoint.ToString());
    }

    [Fact]
    public void The_name_of_a_setting_wins_over_its_aliases() =>
        Assert.Equal("own", Read(("EXTERNAL_STORAGE_ACCESS_KEY", "own"), ("R2_ACCESS_KEY_ID", "other")).Get<StorageSettings>().External.AccessKey);

    [Fact]
    public void Secrets_of_the_example_file_are_refused_if_other_machines_reach_the_platform()
    {
        var example = AppSettings.Declared().Single(setting => setting.Name == "JWT_SECRET").Example;

        Read(("JWT_SECRET", example), ("PUBLIC_URL", "http://localhost:7071"));

        var wrong = Assert.Throws<SettingsException>(() => Read(("JWT_SECRET", example), ("PUBLIC_URL", "https://platform.example.com")));
        Assert.Equal("JWT_SECRET is still the one of local.settings.example.json, which everybody knows.", wrong.Message);
    }

    [Fact]
    public void Settings_of_the_functions_host_are_read_by_their_official_names() =>
        Assert.Equal("https://tables.example.com/", Read(("AzureWebJobsStorage__tableServiceUri", "https://tables.example.com")).Get<FunctionsHostSettings>().TableUrl?.ToString());

    [Fact]
    public void A_database_without_an_address_is_one_of_its_name_on_the_server_of_another()
    {
        ModuleDatabase[] databases = [Databases.OfPlatform, Databases.OfUsers with { Name = "beside", Setting = "BESIDE_URL", Aliases = ["BESIDE"], ServerOf = "DATABASE_URL" }];

        Assert.Contains("Host=db.example.com;Port=6000;Database=beside;Username=me;Password=word", Beside(("DATABASE_URL", "postgresql://me:word@db.example.com:6000/platform")));
        Assert.Contains("Host=own.example.com", Beside(("DATABASE_URL", "postgresql://me:word@db.example.com/platform"), ("BESIDE", "postgresql://own.example.com/labels")));
        var wrong = Assert.Throws<SettingsException>(() => Beside(("DATABASE_URL", "nothing")));
        Assert.StartsWith("DATABASE_URL is not a PostgreSQL URL", Assert.Single(wrong.Problems));

        string Beside(params (string Name, string Value)[] settings) => SettingsReader.Read(
            new ConfigurationBuilder().AddInMemoryCollection(settings.Select(pair => KeyValuePair.Create(pair.Name, (string?)pair.Value))).Build(),
            reader => DatabaseSettings.From(reader, databases)).ConnectionStrings["beside"];
    }

    /// <summary>The example's settings, changed by those given.</summary>
    private static AppSettings Read(params (string Name, string? Value)[] settings)
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
        return AppSettings.From(new ConfigurationBuilder().AddInMemoryCollection(values).Build());
    }
}
