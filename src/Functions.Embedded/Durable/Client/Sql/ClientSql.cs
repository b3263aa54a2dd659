namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Statements that only clients run. Each is the file of its name in <c>Durable/Client/Sql</c>, which says what it does and takes.</summary>
internal static class ClientSql
{
    private const string Folder = "Durable/Client/Sql";

    public static string ListEntities { get; } = SqlFiles.Statement(Folder);

    public static string ListInstances { get; } = SqlFiles.Statement(Folder);

    public static string Purge { get; } = SqlFiles.Statement(Folder);

    public static string ReadEntity { get; } = SqlFiles.Statement(Folder);

    public static string ReadHistory { get; } = SqlFiles.Statement(Folder);

    public static string ReadInstance { get; } = SqlFiles.Statement(Folder);

    public static string ReadStart { get; } = SqlFiles.Statement(Folder);

    public static string ReadTree { get; } = SqlFiles.Statement(Folder);

    public static string ReleaseOrphanedLocks { get; } = SqlFiles.Statement(Folder);

    public static string RemoveEmptyEntities { get; } = SqlFiles.Statement(Folder);
}
