namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Statements of <see cref="HubInspector"/>; they change nothing. Each is the file of its name in <c>Durable/Inspection/Sql</c>.</summary>
internal static class InspectionSql
{
    private const string Folder = "Durable/Inspection/Sql";

    public static string CountActivities { get; } = SqlFiles.Statement(Folder);

    public static string ListUnfinished { get; } = SqlFiles.Statement(Folder);

    public static string ReadActivities { get; } = SqlFiles.Statement(Folder);

    public static string ReadHosts { get; } = SqlFiles.Statement(Folder);

    public static string ReadInstance { get; } = SqlFiles.Statement(Folder);

    public static string ReadMessages { get; } = SqlFiles.Statement(Folder);

    public static string ReadStates { get; } = SqlFiles.Statement(Folder);
}
