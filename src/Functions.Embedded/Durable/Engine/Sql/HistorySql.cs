namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Statements on the history of instances. Each is the file of its name in <c>Durable/Engine/Sql/History</c>, which says what it does and takes.</summary>
internal static class HistorySql
{
    private const string Folder = "Durable/Engine/Sql/History";

    public static string Append { get; } = SqlFiles.Statement(Folder);

    public static string Cut { get; } = SqlFiles.Statement(Folder);

    public static string DeleteOfExecutions { get; } = SqlFiles.Statement(Folder);

    public static string DeleteOfInstances { get; } = SqlFiles.Statement(Folder);

    public static string Read { get; } = SqlFiles.Statement(Folder);
}
