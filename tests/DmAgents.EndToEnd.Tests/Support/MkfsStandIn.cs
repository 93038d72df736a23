namespace DmAgents.EndToEnd.Tests.Support;

/// <summary>A script in the place of one of the host's mkfs programs. In it $REAL is the program itself, and $DEVICE
/// what it is called for.</summary>
internal sealed class MkfsStandIn : IAsyncDisposable
{
    private readonly string _program;

    private MkfsStandIn(string program) => _program = program;

    public static async Task<MkfsStandIn> Put(string name, string script)
    {
        var (program, real, standIn) =
            ($"/usr/sbin/{name}", $"{Places.Work}/real/{name}", $"{Places.Work}/stand-in-{name}");
        Directory.CreateDirectory(Path.GetDirectoryName(real)!);
        File.Copy(program, real, overwrite: true);
        await File.WriteAllTextAsync(standIn, $"""
            #!/bin/sh
            REAL={real}
            for DEVICE; do :; done
            {script}

            """);
        File.SetUnixFileMode(standIn, (UnixFileMode)0x1ED);
        File.SetUnixFileMode(real, (UnixFileMode)0x1ED);
        await Shell.Must("/bin/mount", "--bind", standIn, program);
        return new MkfsStandIn(program);
    }

    public async ValueTask DisposeAsync() => await Shell.Must("/bin/umount", _program);
}
