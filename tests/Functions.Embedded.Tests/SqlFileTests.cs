using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Npgsql;
using VisionPlatform.Functions.Embedded.Durable;
using VisionPlatform.Functions.Embedded.Tests.Durable;

namespace VisionPlatform.Functions.Embedded.Tests;

/// <summary>The SQL files of the host.</summary>
public sealed partial class SqlFileTests(PostgresServer server)
{
    /// <summary>Scripts of several statements, which cannot be prepared. The database of every test is made by them.</summary>
    private static readonly string[] Scripts = [ConnectionSql.Configure, SchemaSql.CreateVersions, HostTableSql.CreateTables];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_statement_can_be_prepared_on_the_schema()
    {
        string url = await server.NewDatabaseAsync();
        await using TestEngine engine = await TestEngine.StartAsync(PostgresServer.KeyValue(url), "hub", new TestFunctions(), start: false);
        await engine.Store.UpgradeAsync(Cancellation);
        await using var host = new HostDatabase(new ConfigurationBuilder().AddInMemoryCollection([new("DATABASE_URL", url)]).Build());
        await using NpgsqlConnection connection = await host.OpenAsync(Cancellation);

        foreach (PropertyInfo property in Statements.Where(property => !Scripts.Contains(TextOf(property))))
        {
            await using var command = new NpgsqlCommand(TextOf(property).Replace(":channel", "channel", StringComparison.Ordinal), connection);
            Exception? refused = await Record.ExceptionAsync(() => command.PrepareAsync(Cancellation));
            Assert.True(refused is null, $"{NameOf(property)}: {refused?.Message}");
        }
    }

    [Fact]
    public void Every_file_has_a_property_that_the_code_uses()
    {
        SqlFiles.Load();
        string code = string.Concat(SourceFiles().Where(file => !file.EndsWith("Sql.cs", StringComparison.Ordinal)).Select(File.ReadAllText));

        Assert.All(Statements, property => Assert.Contains(NameOf(property), code, StringComparison.Ordinal));
    }

    [Fact]
    public void Code_contains_no_sql_except_transaction_control() =>
        Assert.All(SourceFiles(), file => Assert.DoesNotMatch(SqlInCode(), File.ReadAllText(file)));

    [Fact]
    public void A_missing_file_and_an_unknown_file_are_named()
    {
        InvalidOperationException missing = Assert.Throws<InvalidOperationException>(() => SqlFiles.Statement("Durable/Engine/Sql/Instances", "Nothing"));
        InvalidOperationException unknown = Assert.Throws<InvalidOperationException>(() => SqlFiles.ThrowIfUnknown(["Sql/Known.sql", "Sql/Odd.sql"], ["Sql/Known.sql"]));

        Assert.Contains("Durable/Engine/Sql/Instances/Nothing.sql", missing.Message);
        Assert.Contains("Sql/Odd.sql", unknown.Message);
        Assert.DoesNotContain("Known", unknown.Message);
    }

    [Fact]
    public void A_statement_names_the_schema_and_has_no_comments()
    {
        Assert.Contains("FROM durable.instances", InstanceSql.Take);
        Assert.All(Statements, property => Assert.DoesNotContain("--", TextOf(property), StringComparison.Ordinal));
        Assert.All(Statements, property => Assert.DoesNotContain(":schema", TextOf(property), StringComparison.Ordinal));
        Assert.Same(InstanceSql.Take, InstanceSql.Take);
    }

    private static IEnumerable<PropertyInfo> Statements => SqlFiles.Classes.SelectMany(type => type.GetProperties(BindingFlags.Public | BindingFlags.Static));

    private static string NameOf(PropertyInfo property) => $"{property.DeclaringType!.Name}.{property.Name}";

    private static string TextOf(PropertyInfo property) => (string)property.GetValue(null)!;

    private static IEnumerable<string> SourceFiles([CallerFilePath] string thisFile = "")
    {
        string project = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "../../src/Functions.Embedded"));
        return Directory.EnumerateFiles(project, "*.cs", SearchOption.AllDirectories)
            .Where(file => !file[project.Length..].StartsWith("/obj", StringComparison.Ordinal) && !file[project.Length..].StartsWith("/bin", StringComparison.Ordinal));
    }

    [GeneratedRegex("\"\\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|CREATE|ALTER|SET|LISTEN|NOTIFY) ")]
    private static partial Regex SqlInCode();
}
