using System.Globalization;
using System.Text.Json;
using EFCore.NamingConventions.Internal;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Metadata.Conventions.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using Microsoft.Extensions.DependencyInjection;

namespace VisionPlatform.Infrastructure.Persistence;

/// <summary>Conventions for the schema: snake_case names, enums as snake_case text, structured values as jsonb.</summary>
internal static class Conventions
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>
    /// Names every table, column, key and index in snake_case. This is a convention of the model, because an option of the context would also
    /// rename the columns of Entity Framework's <c>__EFMigrationsHistory</c>. An existing database would then look empty.
    /// </summary>
    public static void UseSnakeCase(this ModelConfigurationBuilder model) =>
        model.Conventions.Add(services => new NameRewritingConvention(
            services.GetRequiredService<ProviderConventionSetBuilderDependencies>(), new SnakeCaseNameRewriter(CultureInfo.InvariantCulture)));

    /// <summary>Stores every enum as text and maps every <c>uint Version</c> to the row version. Call it after all mappings.</summary>
    public static void UseTextEnumsAndRowVersions(this ModelBuilder model)
    {
        foreach (var property in model.Model.GetEntityTypes().SelectMany(entity => entity.GetProperties()))
        {
            if (property is { Name: "Version" } && property.ClrType == typeof(uint))
                UseRowVersion(property);
            var type = Nullable.GetUnderlyingType(property.ClrType) ?? property.ClrType;
            if (type.IsEnum && property.GetValueConverter() is null)
                property.SetValueConverter((ValueConverter)Activator.CreateInstance(typeof(EnumText<>).MakeGenericType(type))!);
        }
    }

    /// <summary>
    /// <c>uint Version</c> is the row's <c>xmin</c>, which PostgreSQL changes with every write. An update fails with <see
    /// cref="DbUpdateConcurrencyException"/> if the row has changed since it was read. <c>SELECT *</c> does not include it: write <c>SELECT *, xmin</c>.
    /// </summary>
    private static void UseRowVersion(IMutableProperty property)
    {
        property.SetColumnName("xmin");
        property.SetColumnType("xid");
        property.IsConcurrencyToken = true;
        property.ValueGenerated = ValueGenerated.OnAddOrUpdate;
    }

    /// <summary>Stores the value as one jsonb column, compared by its JSON text.</summary>
    public static PropertyBuilder<T> HasJson<T>(this PropertyBuilder<T> property) =>
        property.HasColumnType("jsonb").HasConversion(
            new JsonText<T>(),
            new ValueComparer<T>(
                (a, b) => JsonSerializer.Serialize(a, Json) == JsonSerializer.Serialize(b, Json),
                value => JsonSerializer.Serialize(value, Json).GetHashCode(StringComparison.Ordinal),
                value => JsonSerializer.Deserialize<T>(JsonSerializer.Serialize(value, Json), Json)!));

    /// <summary>A value as JSON text.</summary>
    internal sealed class JsonText<T>() : ValueConverter<T, string>(
        value => JsonSerializer.Serialize(value, Json), text => JsonSerializer.Deserialize<T>(text, Json)!);

    private sealed class EnumText<T>() : ValueConverter<T, string>(
        value => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()),
        text => Enum.Parse<T>(text.Replace("_", ""), true))
        where T : struct, Enum;
}
