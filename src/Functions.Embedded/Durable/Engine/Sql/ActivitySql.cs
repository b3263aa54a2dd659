namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Statements on calls of activities that have no result yet. Each is the file of its name in <c>Durable/Engine/Sql/Activities</c>, which says what it does and takes.</summary>
internal static class ActivitySql
{
    private const string Folder = "Durable/Engine/Sql/Activities";

    public static string Add { get; } = SqlFiles.Statement(Folder);

    public static string Count { get; } = SqlFiles.Statement(Folder);

    public static string Delete { get; } = SqlFiles.Statement(Folder);

    public static string DeleteOfInstances { get; } = SqlFiles.Statement(Folder);

    public static string Lock { get; } = SqlFiles.Statement(Folder);

    public static string ReadDueOfName { get; } = SqlFiles.Statement(Folder);

    public static string Release { get; } = SqlFiles.Statement(Folder);

    public static string ReleaseAll { get; } = SqlFiles.Statement(Folder);

    public static string Renew { get; } = SqlFiles.Statement(Folder);

    public static string StoreResults { get; } = SqlFiles.Statement(Folder);

    public static string Take { get; } = SqlFiles.Statement(Folder);
}
