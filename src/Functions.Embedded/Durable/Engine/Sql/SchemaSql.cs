namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Statements that create and upgrade the schema. Each is the file of its name in <c>Durable/Engine/Sql/Schema</c>, which says what it does and takes.</summary>
internal static class SchemaSql
{
    public const string Folder = "Durable/Engine/Sql/Schema";

    public static string CreateVersions { get; } = SqlFiles.Statement(Folder);

    public static string Lock { get; } = SqlFiles.Statement(Folder);

    public static string ReadVersions { get; } = SqlFiles.Statement(Folder);

    public static string RecordVersion { get; } = SqlFiles.Statement(Folder);
}
