namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Statements on entities. Each is the file of its name in <c>Durable/Entities/Sql</c>, which says what it does and takes.</summary>
internal static class EntitySql
{
    private const string Folder = "Durable/Entities/Sql";

    public static string Commit { get; } = SqlFiles.Statement(Folder);

    public static string DeleteMessages { get; } = SqlFiles.Statement(Folder);

    public static string FailOperations { get; } = SqlFiles.Statement(Folder);

    public static string IsOwnerRunning { get; } = SqlFiles.Statement(Folder);

    public static string Lock { get; } = SqlFiles.Statement(Folder);

    public static string LockOfOwners { get; } = SqlFiles.Statement(Folder);

    public static string NextReady { get; } = SqlFiles.Statement(Folder);

    public static string ReadMessages { get; } = SqlFiles.Statement(Folder);

    public static string Release { get; } = SqlFiles.Statement(Folder);

    public static string Renew { get; } = SqlFiles.Statement(Folder);

    public static string Send { get; } = SqlFiles.Statement(Folder);

    public static string Take { get; } = SqlFiles.Statement(Folder);
}
