namespace VisionPlatform.Functions.Embedded;

/// <summary>Statements on the host's own tables. Each is the file of its name in <c>Hosting/Sql</c>, which says what it does and takes.</summary>
internal static class HostTableSql
{
    private const string Folder = "Hosting/Sql";

    public static string CreateTables { get; } = SqlFiles.Statement(Folder);

    public static string KeepMasterKey { get; } = SqlFiles.Statement(Folder);
}
