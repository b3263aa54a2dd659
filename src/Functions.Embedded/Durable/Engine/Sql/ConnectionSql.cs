namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Statements of a connection: its settings, and notifications between the processes of a hub. Each is the file of its name in <c>Durable/Engine/Sql/Connections</c>, which says what it does and takes.</summary>
internal static class ConnectionSql
{
    private const string Folder = "Durable/Engine/Sql/Connections";

    public static string Configure { get; } = SqlFiles.Statement(Folder);

    public static string Listen { get; } = SqlFiles.Statement(Folder);

    public static string Notify { get; } = SqlFiles.Statement(Folder);
}
