using Akka.Actor;
using DmAgents.Actors.Fleet.Database;
using DmAgents.Domain.Fleet.Locations;

namespace DmAgents.Actors.Fleet.Entities.Locations;

/// <summary>A bucket; it assembles announcements that arrive in parts.</summary>
internal sealed class BucketActor(string id, DatabaseGate gate, EntityTimes times)
    : EntityActor<LocationState, LocationCommand, LocationEvent, LocationReply>(
        LocationKind.Kind, id, gate, times, watcher: null)
{
    private AnnouncementAssembly _assembly = AnnouncementAssembly.Empty;

    protected override void OnCommand(object message)
    {
        switch (message)
        {
            case EntityMessages.AnnouncePart part:
                (_assembly, var complete) = _assembly.Add(part.Host, part.Part);
                if (complete is null)
                    Sender.Tell(new EntityMessages.PartKept(part.Part.Stamp, part.Part.Index));
                else
                    Take(new LocationCommands.Announce(part.Host, complete, part.At));
                break;
            case LocationCommands.NoteGone gone:
                _assembly = _assembly.Without(gone.Host);
                base.OnCommand(message);
                break;
            default:
                base.OnCommand(message);
                break;
        }
    }
}
