using DmAgents.Agent.Configuration;

namespace DmAgents.Agent.Hosting;

/// <summary>One agent per state directory: held for the process's life, and let go by the kernel when it
/// dies.</summary>
internal sealed class StateLock : IDisposable
{
    private const UnixFileMode OnlyOwner =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>EWOULDBLOCK: .NET hands on the number of a lock that another process has.</summary>
    private const int WouldBlock = 11;

    private readonly FileStream _file;

    private StateLock(FileStream file) => _file = file;

    /// <summary>Takes the lock (flock, by FileShare.None) and leaves the process id in the file for people.</summary>
    /// <exception cref="SettingsException">Another agent has it, or the directory cannot be made.</exception>
    public static StateLock Take(AgentSettings settings)
    {
        try
        {
            // Containers' file systems are below: their setuid programs are for nobody on the host.
            Directory.CreateDirectory(settings.StateDirectory, OnlyOwner);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException(
                $"the state directory {settings.StateDirectory} cannot be made ({cause.Message.TrimEnd('.')}); "
                + "run as root, or set dmagents.state-directory");
        }
        try
        {
            var file = new FileStream(settings.LockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            file.SetLength(0);
            file.Write(System.Text.Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n"));
            file.Flush();
            return new StateLock(file);
        }
        catch (IOException cause) when (cause.HResult != WouldBlock)
        {
            throw new SettingsException(
                $"{settings.LockFile} cannot be written ({cause.Message.TrimEnd('.')}): nor could the journal. Nothing "
                + "was changed. Make room on its disk, or mount it writable");
        }
        catch (IOException)
        {
            throw new SettingsException(
                $"another agent uses the state directory {settings.StateDirectory}; stop that one (systemctl stop "
                + "dmagentd), or give this one a dmagents.state-directory of its own");
        }
        catch (UnauthorizedAccessException cause)
        {
            throw new SettingsException(
                $"{settings.LockFile} cannot be opened ({cause.Message.TrimEnd('.')}); run as root");
        }
    }

    public void Dispose() => _file.Dispose();
}
