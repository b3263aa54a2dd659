using Npgsql;
using NpgsqlTypes;

namespace VisionPlatform.Functions.Embedded.Durable;

internal static class CommandExtensions
{
    /// <summary>A command with positional parameters ($1, $2, …).</summary>
    public static NpgsqlBatchCommand ToCommand(this string sql, params ReadOnlySpan<object> values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (object value in values)
        {
            var parameter = new NpgsqlParameter { Value = value };
            // Npgsql takes the type from the first element, which may be null.
            if (value is DateTime?[])
                parameter.NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz;
            command.Parameters.Add(parameter);
        }

        return command;
    }

    public static NpgsqlBatch ToBatch(this NpgsqlConnection connection, params ReadOnlySpan<NpgsqlBatchCommand> commands)
    {
        var batch = new NpgsqlBatch(connection);
        foreach (NpgsqlBatchCommand command in commands)
            batch.BatchCommands.Add(command);
        return batch;
    }

    public static string? Text(this NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    public static Guid? Uuid(this NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetGuid(column);

    /// <summary>One column of rows as an array, for <c>unnest</c>.</summary>
    public static TColumn[] Column<TRow, TColumn>(this IReadOnlyCollection<TRow> rows, Func<TRow, TColumn> value)
    {
        var column = new TColumn[rows.Count];
        int index = 0;
        foreach (TRow row in rows)
            column[index++] = value(row);
        return column;
    }
}
