namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Statements on orchestration instances. Each is the file of its name in <c>Durable/Engine/Sql/Instances</c>, which says what it does and takes.</summary>
internal static class InstanceSql
{
    private const string Folder = "Durable/Engine/Sql/Instances";

    public static string Add { get; } = SqlFiles.Statement(Folder);

    public static string Commit { get; } = SqlFiles.Statement(Folder);

    public static string Count { get; } = SqlFiles.Statement(Folder);

    public static string CountReady { get; } = SqlFiles.Statement(Folder);

    public static string Delete { get; } = SqlFiles.Statement(Folder);

    public static string End { get; } = SqlFiles.Statement(Folder);

    public static string Lock { get; } = SqlFiles.Statement(Folder);

    public static string LockExpired { get; } = SqlFiles.Statement(Folder);

    public static string NextReady { get; } = SqlFiles.Statement(Folder);

    public static string Postpone { get; } = SqlFiles.Statement(Folder);

    public static string ReadDueOfName { get; } = SqlFiles.Statement(Folder);

    public static string ReadStatuses { get; } = SqlFiles.Statement(Folder);

    public static string ReadTurns { get; } = SqlFiles.Statement(Folder);

    public static string Release { get; } = SqlFiles.Statement(Folder);

    public static string ReleaseAll { get; } = SqlFiles.Statement(Folder);

    public static string Renew { get; } = SqlFiles.Statement(Folder);

    public static string Take { get; } = SqlFiles.Statement(Folder);

    public static string TryLockRetention { get; } = SqlFiles.Statement(Folder);
}
