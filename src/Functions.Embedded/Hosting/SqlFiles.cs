using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using VisionPlatform.Functions.Embedded.Durable;

namespace VisionPlatform.Functions.Embedded;

/// <summary>
/// The SQL of this assembly. Each statement is an embedded file beside the code that runs it, and a property of the same name in the class of its
/// folder: <c>Durable/Engine/Sql/Instances/Take.sql</c> is <see cref="InstanceSql.Take"/>.
/// </summary>
internal static class SqlFiles
{
    /// <summary>The schema of all tables; <c>:schema</c> in the files.</summary>
    public const string Schema = "durable";

    /// <summary>All classes whose properties are statements.</summary>
    public static readonly Type[] Classes =
    [
        typeof(ConnectionSql), typeof(SchemaSql), typeof(InstanceSql), typeof(ActivitySql), typeof(MessageSql), typeof(HistorySql), typeof(HostSql),
        typeof(EntitySql), typeof(ClientSql), typeof(InspectionSql), typeof(RewindSql), typeof(TimerSql), typeof(HostTableSql),
    ];

    private static readonly Assembly s_assembly = typeof(SqlFiles).Assembly;
    private static readonly ConcurrentDictionary<string, string> s_statements = new();

    /// <summary>Paths of the numbered scripts that create and upgrade the engine's tables. A script runs once on a database and never changes.</summary>
    public static IEnumerable<string> SchemaVersions => All.Where(IsSchemaVersion);

    private static IEnumerable<string> All => s_assembly.GetManifestResourceNames().Where(name => name.EndsWith(".sql", StringComparison.Ordinal));

    /// <summary>Reads all statements, so that a mistake shows when the host starts.</summary>
    /// <exception cref="InvalidOperationException">A property has no file or a file has no property; the message names it.</exception>
    public static void Load()
    {
        try
        {
            foreach (Type statements in Classes)
                RuntimeHelpers.RunClassConstructor(statements.TypeHandle);
        }
        catch (TypeInitializationException error) when (error.InnerException is InvalidOperationException missing)
        {
            throw new InvalidOperationException(missing.Message, error);
        }

        ThrowIfUnknown(All.Where(name => !IsSchemaVersion(name)), s_statements.Keys);
    }

    /// <summary>Reads the statement for a property from the file with the property's name.</summary>
    /// <param name="folder">Path below the project's folder.</param>
    /// <exception cref="InvalidOperationException">There is no such file.</exception>
    public static string Statement(string folder, [CallerMemberName] string name = "") => s_statements.GetOrAdd($"{folder}/{name}.sql", static path =>
    {
        // The comments are for readers of the file. Without them commands are shorter to look up, to send and to log.
        IEnumerable<string> lines = Text(path).Split('\n').Where(line => !line.AsSpan().TrimStart().StartsWith("--", StringComparison.Ordinal));
        return string.Join('\n', lines).Replace(":schema", Schema, StringComparison.Ordinal).Trim();
    });

    /// <summary>Reads a file unchanged.</summary>
    /// <exception cref="InvalidOperationException">There is no such file.</exception>
    public static string Text(string path)
    {
        using Stream file = s_assembly.GetManifestResourceStream(path) ?? throw new InvalidOperationException($"The SQL file {path} is missing.");
        return new StreamReader(file).ReadToEnd();
    }

    internal static void ThrowIfUnknown(IEnumerable<string> files, IEnumerable<string> known)
    {
        string[] unknown = [.. files.Except(known).Order(StringComparer.Ordinal)];
        if (unknown.Length > 0)
            throw new InvalidOperationException($"SQL files without a property of their name: {string.Join(", ", unknown)}.");
    }

    private static bool IsSchemaVersion(string path) => path.StartsWith(SchemaSql.Folder, StringComparison.Ordinal) && char.IsAsciiDigit(path[SchemaSql.Folder.Length + 1]);
}
