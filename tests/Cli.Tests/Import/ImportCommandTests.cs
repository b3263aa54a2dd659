using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using NetVips;
using Npgsql;
using VisionPlatform.Functions.Embedded.Tests;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Cli.Tests.Import;

/// <summary>Tables of the system that this product replaces (original.sql), brought here by the program itself.</summary>
public sealed partial class ImportCommandTests(PostgresServer postgres) : IAsyncLifetime
{
    private static readonly string[] Import = ["import", "original", "env:OLD_URL", "--objects", "env:OLD"];

    private readonly CliProgram _cli = new();
    private readonly Dictionary<string, string> _databases = [];
    private ObjectStore _old = null!;
    private ObjectStore _new = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        foreach (var (name, variable) in new[] { ("old", "OLD_URL"), ("users", "USER_DATABASE_URL"), ("platform", "DATABASE_URL"), ("labeler", "LABELER_DATABASE_URL") })
            _cli.Environment[variable] = _databases[name] = await postgres.NewDatabaseAsync();
        Assert.Equal(ExitCode.Success, (await _cli.RunAsync("database", "migrate")).ExitCode);
        await ScalarAsync("old", await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Import", "original.sql"), Cancellation));
        var settings = StorageSettings.From(new ConfigurationBuilder().AddEnvironmentVariables().Build()).External;
        (_old, _new) = (Store("test-old"), Store("test-new"));
        _cli.Environment["EXTERNAL_BUCKET_DATASETS"] = _new.Bucket;
        foreach (var (part, value) in new[] { ("ENDPOINT", settings.Endpoint.ToString()), ("ACCESS_KEY", settings.AccessKey), ("SECRET_KEY", settings.SecretKey), ("BUCKET", _old.Bucket) })
            _cli.Environment[$"OLD_{part}"] = value;
        foreach (var store in (ObjectStore[])[_old, _new])
            await store.CreateBucketAsync(Cancellation);
        foreach (var (key, side) in new[] { ("datasets/ds_0000000000000001/images/train/1.png", 8), ("datasets/ds_0000000000000001/images/train/2.png", 9), ("datasets/ds_0000000000000002/images/cat/3.png", 10) })
            await _old.PutAsync(key, Png(side), "image/png", Cancellation);
        await _old.PutAsync("datasets/broken.png", "no image"u8.ToArray(), "image/png", Cancellation);

        ObjectStore Store(string name) => new(settings with { Bucket = $"{name}-{Guid.CreateVersion7():n}" }, TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var store in (ObjectStore[])[_old, _new])
        {
            await store.DeleteAsync(await KeysAsync(store), CancellationToken.None);
            await store.DeleteBucketAsync(CancellationToken.None);
            store.Dispose();
        }
        _cli.Dispose();
    }

    [Fact]
    public async Task Everything_that_fits_is_imported_and_the_rest_is_told_by_table_id_and_reason()
    {
        var run = await _cli.RunAsync([.. Import, "--json"]);

        Assert.True(run.ExitCode == ExitCode.Failed, run.All);
        var report = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal(
            [
                "organizations 4 1 2", "users 6 3 2", "projects 4 3 1", "projectMembers 5 1 2", "datasets 3 2 1", "datasetMembers 2 1 0", "labelingProjects 2 2 0", "labelingMembers 2 1 1",
                "images 8 4 4", "annotations 8 6 2",
            ],
            Tables(report));
        Assert.Equal(["training_jobs"], report.GetProperty("notMapped").EnumerateArray().Select(table => table.GetString()!.Split('.')[^1]));
        Assert.Equal(
            [
                "annotations 6: The label was not imported: its image lost.png was not.",
                "annotations 8: The annotation was not imported: its labeling project proj_missing was not.",
                "datasets ds_0000000000000003: The dataset was not imported: it is a snapshot of another one. Publish a version of that one after the import.",
                "images ../escape.png: The image was not imported: The path steps outside or nowhere with '..'.",
                "images lost.png: The image was not imported: the bucket has no object datasets/lost.png.",
                "organizations 3: The organization was not imported: it has no name.",
                "organizations 4: The organization was not imported: maxUsers is -1, which is not between 0 and 1000000.",
                "projectMembers 4: The membership was not imported: the mapping does not name the role 'superhero' (projectRoles).",
                "projectMembers 5: The membership was not imported: project 9 was not.",
                "projects 3: The project was not imported: its owner 5 was not.",
                "users 4: The account was not imported: 'not an address' is not an e-mail address.",
                "users 5: The account was not imported: the mapping does not name the role 'wizard' (systemRoles).",
            ],
            Issues(report, isLeft: true).Where(issue => !issue.Contains("broken.png", StringComparison.Ordinal) && !issue.StartsWith("labelingMembers", StringComparison.Ordinal) && !issue.Contains("two", StringComparison.OrdinalIgnoreCase)));
        Assert.Contains("users 3: The address ann@example.org has an account already; what belonged to this one belongs to that one, which keeps its role and password.", Issues(report, isLeft: false));
        Assert.Contains("users 2: The password's hash cannot be verified here: it must be reset.", Issues(report, isLeft: false));
        Assert.Contains("annotations 5: The image has the class 'OK' already; the label 'defect' is kept as JSON.", Issues(report, isLeft: false));
    }

    [Fact]
    public async Task What_is_imported_is_a_working_part_of_the_product()
    {
        await _cli.RunAsync(Import);

        Assert.Equal("ann@example.org admin t 2023-01-02 Vision Lab", await ScalarAsync("users", """
            SELECT concat_ws(' ', u.normalized_email, u.role, u.is_active, u.created_at::date, o.name) FROM users u JOIN organizations o ON o.id = u.organization_id WHERE full_name = 'Ann Ort'
            """));
        using var passwords = new PasswordHashing();
        Assert.True((await passwords.VerifyAsync((string)(await ScalarAsync("users", "SELECT password_hash FROM users WHERE full_name = 'Ann Ort'"))!, "correct horse battery", Cancellation)).Fits);
        Assert.False((await passwords.VerifyAsync((string)(await ScalarAsync("users", "SELECT password_hash FROM users WHERE email = 'ben@example.org'"))!, "", Cancellation)).Fits);
        Assert.Equal("Imported datasets,Imported datasets,Of one who left,Scratches,scratches (2)", await ScalarAsync("platform", "SELECT string_agg(name, ',' ORDER BY name COLLATE \"C\") FROM projects"));
        Assert.Equal("Folders instance_segmentation,Screens image_classification", await ScalarAsync("platform", "SELECT string_agg(name || ' ' || task_type, ',' ORDER BY name) FROM datasets"));
        Assert.Equal("cat/3.png cat 10,train/1.png OK 8,train/2.png - 9", await ScalarAsync("platform", "SELECT string_agg(concat_ws(' ', path, coalesce(class, '-'), width), ',' ORDER BY path) FROM dataset_images WHERE path !~* 'two'"));
        Assert.Equal("bbox scratch [1, 2, 3, 4],class_list,classification a/b,classification defect,polygon dent", await ScalarAsync("labeler", """
            SELECT string_agg(concat_ws(' ', type, data ->> 'class', data -> 'geometry' ->> 'bbox'), ',' ORDER BY type, data ->> 'class') FROM imported_annotations
            """));
        var keys = await KeysAsync(_new);
        Assert.Equal(8, keys.Count);
        Assert.Equal(
            (string)(await ScalarAsync("platform", "SELECT string_agg(key, ',' ORDER BY key) FROM dataset_images"))!,
            string.Join(',', keys.Where(key => key.Contains("/images/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)));
    }

    [Fact]
    public async Task A_second_import_changes_nothing_and_a_better_mapping_brings_the_rest()
    {
        await _cli.RunAsync(Import);
        var before = await StateAsync();

        var again = await _cli.RunAsync([.. Import, "--json"]);

        Assert.All(Tables(JsonDocument.Parse(again.Output).RootElement), line => Assert.Equal("0", line.Split(' ')[2]));
        Assert.Equal(before, await StateAsync());

        await File.WriteAllTextAsync(Path.Combine(_cli.Folder, "mapping.json"), (await _cli.RunAsync("import", "original", "--print-mapping")).Output.Replace("\"guest\": \"guest\", \"basic", "\"guest\": \"guest\", \"wizard\": \"guest\", \"basic", StringComparison.Ordinal), Cancellation);
        await _old.PutAsync("datasets/lost.png", Png(11), "image/png", Cancellation);
        var better = await _cli.RunAsync([.. Import, "--mapping", "mapping.json", "--json"]);

        Assert.Equal(
            ["users 6 1 1", "projects 4 1 0", "images 8 1 3", "annotations 8 1 1"],
            Tables(JsonDocument.Parse(better.Output).RootElement).Where(line => line.Split(' ')[2] != "0"));
        Assert.Equal(0L, await ScalarAsync("platform", "SELECT count(*) FROM import_issues WHERE old_id = 'lost.png'"));
    }

    [Fact]
    public async Task A_dry_run_tells_the_same_and_writes_nothing()
    {
        var before = await StateAsync();

        var dry = await _cli.RunAsync([.. Import, "--dry-run"]);

        Assert.True(dry.ExitCode == ExitCode.Failed, dry.All);
        Assert.Contains("users: 6 read, 3 would be new, 1 here already, 2 left", dry.Output);
        // An object that is no image is noticed only when it is read.
        Assert.Contains("images: 8 read, 5 would be new, 0 here already, 3 left", dry.Output);
        Assert.Contains("left: users 5: The account was not imported: the mapping does not name the role 'wizard' (systemRoles).", dry.Output);
        Assert.Equal(before, await StateAsync());
        Assert.Empty(await KeysAsync(_new));
    }

    [Fact]
    public async Task Without_objects_every_image_is_reported_as_missing_and_shapes_are_kept()
    {
        var run = await _cli.RunAsync("import", "original", "env:OLD_URL", "--json");

        var report = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal(["images 8 0 8", "annotations 8 2 6"], Tables(report)[^2..]);
        Assert.Contains("images train/1.png: The image was not imported: no bucket was given that has datasets/ds_0000000000000001/images/train/1.png (--objects).", Issues(report, isLeft: true));
    }

    [Theory]
    [InlineData("import datasets")]
    [InlineData("import images")]
    public async Task An_import_that_was_killed_goes_on_and_makes_nothing_twice(string phase)
    {
        var killed = await _cli.KillAtAsync(phase, Import);

        var resumed = await _cli.RunAsync([.. Import, "--resume", Id().Match(killed).Value]);

        Assert.Contains("15 rows were left", resumed.Output);
        Assert.Equal("3 5 2 4 5", await StateAsync());
        Assert.Equal(8, (await KeysAsync(_new)).Count);
    }

    [Fact]
    public async Task The_page_about_imports_is_right()
    {
        foreach (var name in new[] { "OLD_USERS_URL", "OLD_PLATFORM_URL", "OLD_LABELER_URL" })
            _cli.Environment[name] = _databases["old"];
        // Rows of the example are left on purpose, and each command then ends with 1.
        await ScalarAsync("old", "DELETE FROM annotations; DELETE FROM image_metadata; DELETE FROM project_permissions; DELETE FROM project_members; DELETE FROM projects WHERE user_id = 5; DELETE FROM users WHERE id IN (4, 5); DELETE FROM datasets WHERE is_snapshot; UPDATE users SET organization_id = NULL; DELETE FROM organizations");

        var run = await _cli.ShellAsync(string.Join('\n', Operations.OperationsPagesTests.Blocks(await Operations.OperationsPagesTests.PageAsync("import.md"))));

        Assert.True(run.ExitCode == ExitCode.Success, run.All);
        Assert.EndsWith("every row is here\n", run.Output);
        Assert.Equal("3 5 2 0 1", await StateAsync());
    }

    [Theory]
    [InlineData("\"full_name\"", "\"fullname\"", "table public.users of the source has no column fullname, which the mapping names for users.fullName")]
    [InlineData("\"guest\": \"guest\", \"basic", "\"guest\": \"emperor\", \"basic", "systemRoles names 'emperor'")]
    [InlineData("\"email\": \"email\"", "\"email\": null", "users.email needs a column")]
    [InlineData("\"defaultTask\"", "\"defaultTsk\"", "the mapping cannot be read")]
    public async Task A_wrong_mapping_is_refused_before_anything_is_written(string correct, string wrong, string message)
    {
        await File.WriteAllTextAsync(Path.Combine(_cli.Folder, "mapping.json"), (await _cli.RunAsync("import", "original", "--print-mapping")).Output.Replace(correct, wrong, StringComparison.Ordinal), Cancellation);

        var run = await _cli.RunAsync([.. Import, "--mapping", "mapping.json"]);

        Assert.NotEqual(ExitCode.Success, run.ExitCode);
        Assert.Contains(message, run.Error);
        Assert.Equal("0 0 0 0 0", await StateAsync());
    }

    private static byte[] Png(int side) => Image.Black(side, side, bands: 3).PngsaveBuffer();

    /// <summary>Accounts, projects, datasets, images and kept annotations.</summary>
    private async Task<string> StateAsync() => string.Join(' ', [
        await ScalarAsync("users", "SELECT count(*) FROM users"), await ScalarAsync("platform", "SELECT count(*) FROM projects"), await ScalarAsync("platform", "SELECT count(*) FROM datasets"),
        await ScalarAsync("platform", "SELECT count(*) FROM dataset_images"), await ScalarAsync("labeler", "SELECT count(*) FROM imported_annotations"),
    ]);

    private static string[] Tables(JsonElement report) =>
        [.. report.GetProperty("tables").EnumerateArray().Select(table => $"{table.GetProperty("kind")} {table.GetProperty("read")} {table.GetProperty("added")} {table.GetProperty("left")}")];

    private static string[] Issues(JsonElement report, bool isLeft) =>
        [.. report.GetProperty("issues").EnumerateArray().Where(issue => issue.GetProperty("isLeft").GetBoolean() == isLeft).Select(issue => $"{issue.GetProperty("kind")} {issue.GetProperty("oldId")}: {issue.GetProperty("reason")}")];

    private static async Task<List<string>> KeysAsync(ObjectStore store)
    {
        var keys = new List<string>();
        await foreach (var found in store.ListAsync("", CancellationToken.None))
            keys.Add(found.Key);
        return keys;
    }

    private async Task<object?> ScalarAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(PostgresServer.KeyValue(_databases[database]));
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand(sql, connection) { AllResultTypesAreUnknown = false };
        return await command.ExecuteScalarAsync(Cancellation);
    }

    [GeneratedRegex("importoriginal-[0-9a-f]+")]
    private static partial Regex Id();
}
