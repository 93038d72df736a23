using DmAgents.Api.Admin.V1;

namespace DmAgents.Cli.Pools;

internal static class FileSystems
{
    public static FileSystem Parse(string? name) => name switch
    {
        "ext4" => FileSystem.Ext4,
        "xfs" => FileSystem.Xfs,
        _ => FileSystem.Unspecified,
    };

    public static string Name(FileSystem fileSystem) => fileSystem switch
    {
        FileSystem.Ext4 => "ext4",
        FileSystem.Xfs => "xfs",
        _ => "unknown",
    };
}
