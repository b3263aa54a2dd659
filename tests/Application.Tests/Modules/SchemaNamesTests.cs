using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Application.Modules;

namespace VisionPlatform.Application.Tests.Modules;

public sealed class SchemaNamesTests
{
    public static TheoryData<Type> Contexts => [.. AppModules.All.SelectMany(module => module.Databases).Select(database => database.Context)];

    [Theory]
    [MemberData(nameof(Contexts))]
    public void The_migrations_make_every_table_column_key_and_index_under_the_name_that_the_model_has(Type context)
    {
        using var services = Services();
        using var scope = services.CreateScope();
        var database = (DbContext)scope.ServiceProvider.GetRequiredService(context);

        Assert.False(database.Database.HasPendingModelChanges());
    }

    [Theory]
    [MemberData(nameof(Contexts))]
    public void The_list_of_applied_migrations_keeps_the_names_it_has_in_existing_databases(Type context)
    {
        using var services = Services();
        using var scope = services.CreateScope();
        var database = (DbContext)scope.ServiceProvider.GetRequiredService(context);

        var script = database.GetService<IHistoryRepository>().GetCreateScript();

        Assert.Contains("CREATE TABLE \"__EFMigrationsHistory\"", script, StringComparison.Ordinal);
        Assert.Contains("\"MigrationId\" character varying(150)", script, StringComparison.Ordinal);
        Assert.Contains("\"ProductVersion\" character varying(32)", script, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_table_that_may_be_lost_exists_and_what_people_made_is_critical()
    {
        var databases = AppModules.All.SelectMany(module => module.Databases).ToList();
        using var services = Services();
        using var scope = services.CreateScope();
        foreach (var database in databases)
        {
            var tables = ((DbContext)scope.ServiceProvider.GetRequiredService(database.Context)).Model.GetEntityTypes().Select(entity => entity.GetTableName()!);
            Assert.Empty(database.DerivedTables.Except(tables));
        }
        Assert.Subset(
            databases.SelectMany(database => database.CriticalTables()).ToHashSet(),
            (HashSet<string>)["public.users", "public.organizations", "public.project_members", "public.projects", "public.datasets", "public.dataset_images", "public.dataset_versions", "public.training_jobs", "public.model_versions", "public.imported_rows", "public.imported_annotations"]);
    }

    // As the app opens them. Nothing here asks the server.
    private static ServiceProvider Services()
    {
        var services = new ServiceCollection();
        foreach (var database in AppModules.All.SelectMany(module => module.Databases))
            database.AddTo(services, "Host=none");
        return services.BuildServiceProvider();
    }
}
