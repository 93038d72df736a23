using DmAgents.Domain.Units;

namespace DmAgents.Agent.Registries;

/// <summary>An OCI layout on its way to or from a registry: a directory that only the agent reads, and that goes with
/// this. What a crash leaves is deleted by the next start.</summary>
internal sealed class RegistryLayout : IDisposable
{
    private const string Prefix = "dmagents-registry-";

    private readonly string _home;

    public RegistryLayout(string spoolDirectory)
    {
        System.IO.Directory.CreateDirectory(spoolDirectory);
        _home = Path.Combine(spoolDirectory, Prefix + Guid.NewGuid().ToString("N"));
        System.IO.Directory.CreateDirectory(
            _home, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Made by the one who fills it.</summary>
    public string Directory => $"{_home}/layout";

    /// <summary>The only image in it, in skopeo's words.</summary>
    public string Name => $"oci:{Directory}";

    /// <summary>What is in it so far.</summary>
    public ByteSize Size
    {
        get
        {
            try
            {
                return new ByteSize((ulong)new DirectoryInfo(_home)
                    .EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length));
            }
            catch (IOException)
            {
                // A file that was listed has got its name meanwhile.
                return ByteSize.Zero;
            }
        }
    }

    /// <summary>Deletes what an agent left that died.</summary>
    public static void Sweep(string spoolDirectory)
    {
        try
        {
            foreach (var left in System.IO.Directory.EnumerateDirectories(spoolDirectory, Prefix + "*"))
                System.IO.Directory.Delete(left, recursive: true);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            // There is no such directory yet, or it cannot be written: what needs it says so.
        }
    }

    public void Dispose() => System.IO.Directory.Delete(_home, recursive: true);
}
