namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Statements on what instances have still to be told. Each is the file of its name in <c>Durable/Engine/Sql/Messages</c>, which says what it does and takes.</summary>
internal static class MessageSql
{
    private const string Folder = "Durable/Engine/Sql/Messages";

    public static string AddOwn { get; } = SqlFiles.Statement(Folder);

    public static string Delete { get; } = SqlFiles.Statement(Folder);

    public static string DeleteOfExecutions { get; } = SqlFiles.Statement(Folder);

    public static string DeleteOfInstances { get; } = SqlFiles.Statement(Folder);

    public static string DeleteTimers { get; } = SqlFiles.Statement(Folder);

    public static string Keep { get; } = SqlFiles.Statement(Folder);

    public static string Read { get; } = SqlFiles.Statement(Folder);

    public static string Send { get; } = SqlFiles.Statement(Folder);
}
