using Npgsql;

namespace VisionPlatform.Infrastructure.DatabaseCopy;

/// <summary>Large objects (<c>pg_largeobject</c>), which belong to no table.</summary>
internal static class LargeObjects
{
    private const int PieceBytes = 1 << 20;

    /// <summary>Makes each large object of the source at the target under its id, in one transaction; one that is there already is replaced.</summary>
    public static async Task CopyAsync(NpgsqlConnection source, NpgsqlConnection target, Action<long> moved, CancellationToken cancellation)
    {
        const string all = """
            SELECT m.oid, pg_get_userbyid(m.lomowner)::text FROM pg_largeobject_metadata m ORDER BY m.oid
            """;
        var objects = await Catalog.RowsAsync(source, all, row => (Id: row.GetFieldValue<uint>(0), Owner: row.GetString(1)), cancellation);
        if (objects.Count == 0)
            return;
        await using var transaction = await target.BeginTransactionAsync(cancellation);
        var mayGive = await Catalog.ScalarAsync<bool>(target, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user", cancellation);
        foreach (var (id, owner) in objects)
        {
            await Catalog.ExecuteAsync(target, $"SELECT lo_unlink(oid) FROM pg_largeobject_metadata WHERE oid = {id}", cancellation);
            await Catalog.ExecuteAsync(target, $"SELECT lo_create({id})", cancellation);
            for (long offset = 0; ; offset += PieceBytes)
            {
                await using var read = new NpgsqlCommand($"SELECT lo_get({id}, {offset}, {PieceBytes})", source);
                var piece = (byte[])(await read.ExecuteScalarAsync(cancellation))!;
                if (piece.Length > 0)
                {
                    await using var write = new NpgsqlCommand($"SELECT lo_put({id}, {offset}, $1)", target) { Parameters = { new() { Value = piece } } };
                    await write.ExecuteNonQueryAsync(cancellation);
                    moved(piece.Length);
                }
                if (piece.Length < PieceBytes)
                    break;
            }
            if (mayGive && await Catalog.ScalarAsync<bool>(target, $"SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = {SchemaReader.Literal(owner)})", cancellation))
                await Catalog.ExecuteAsync(target, $"ALTER LARGE OBJECT {id} OWNER TO \"{owner.Replace("\"", "\"\"", StringComparison.Ordinal)}\"", cancellation);
        }
        await transaction.CommitAsync(cancellation);
    }
}
