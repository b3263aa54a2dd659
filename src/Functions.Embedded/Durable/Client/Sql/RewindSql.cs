namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Statements that take a failed instance back to before its failure. Each is the file of its name in <c>Durable/Client/Sql/Rewind</c>, which says what it does and takes.</summary>
internal static class RewindSql
{
    private const string Folder = "Durable/Client/Sql/Rewind";

    public static string CutHistory { get; } = SqlFiles.Statement(Folder);

    public static string DeleteActivities { get; } = SqlFiles.Statement(Folder);

    public static string LowerNumbers { get; } = SqlFiles.Statement(Folder);

    public static string NumberHistory { get; } = SqlFiles.Statement(Folder);

    public static string ReadHistory { get; } = SqlFiles.Statement(Folder);

    public static string ReopenInstance { get; } = SqlFiles.Statement(Folder);

    public static string RepeatActivities { get; } = SqlFiles.Statement(Folder);

    public static string RepeatMessages { get; } = SqlFiles.Statement(Folder);

    public static string TellEndOfChild { get; } = SqlFiles.Statement(Folder);
}
