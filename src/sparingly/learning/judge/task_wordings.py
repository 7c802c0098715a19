"""Requests in several wordings each: of one line all ask the same, of two lines nobody does.

By what stands in the braces: a subject, a noun, an action, or a text to work on.
"""

from typing import Final

_KINDS: Final = (
    "memo", "speech", "slogan", "glossary", "report", "proposal", "newsletter", "blog post", "survey", "video script",
    "reminder", "public announcement", "riddle", "joke", "song", "contract", "budget", "schedule", "lesson plan", "job ad",
    "review", "flyer", "toast", "dialogue", "diary entry", "business plan", "policy", "training course", "postcard", "FAQ",
    "thank-you card", "complaint", "invitation", "sales pitch", "press kit", "crossword", "comic strip", "radio ad",
    "decision tree", "status update",
)  # fmt: skip
TASKS: Final = (
    *(
        (
            f"Write a {kind} about {{}}",
            f"Draft a {kind} on {{}}",
            f"I need a {kind} about {{}}",
            f"Give me a {kind} on {{}}",
            f"Can you create a {kind} for {{}}?",
            f"Please prepare a {kind} that explains {{}}",
        )
        for kind in _KINDS
    ),
    *(
        (f"Explain {{}} to {whom}", f"Describe {{}} so that {whom} can follow", f"Tell {whom} about {{}}")
        for whom in (
            "an engineer",
            "my grandmother",
            "investors",
            "a new tenant",
            "my students",
            "a journalist",
        )
    ),
    ("Summarize {}", "Give me a summary of {}", "Sum up {}", "Can you summarize {}?"),
    ("Write a poem about {}", "Compose a poem on {}", "I need a poem about {}"),
    (
        "Write a formal letter about {}",
        "Draft a formal letter concerning {}",
        "Compose a formal letter on {}",
    ),
    (
        "List the advantages and disadvantages of {}",
        "What are the pros and cons of {}?",
        "Pros and cons of {}",
    ),
    (
        "Explain {} to a child",
        "Explain {} so that a child understands it",
        "How would you explain {} to a child?",
    ),
    ("Write a tweet about {}", "Compose a tweet on {}", "Give me a tweet about {}"),
    ("Create a quiz on {}", "Make a quiz about {}", "Put together a quiz on {}"),
    ("Write an email to my boss about {}", "Draft an email to my boss concerning {}"),
    ("Write an apology to a client about {}", "Draft an apology to a client concerning {}"),
    ("Suggest headlines for a story on {}", "Give me headlines for a story about {}"),
    ("Outline a presentation on {}", "Make an outline for a presentation about {}"),
    ("Write an essay on {}", "Write me an essay about {}", "I need an essay on {}"),
    ("Translate a text about {} into French", "Put a text about {} into French"),
    ("Translate a text about {} into German", "Put a text about {} into German"),
    ("Prepare an agenda for a meeting about {}", "Draw up a meeting agenda on {}"),
    ("Write a product description for {}", "Draft a product description of {}"),
    ("Compare {} with its alternatives", "How does {} compare with its alternatives?"),
    ("Give me a timeline of {}", "Write down the timeline of {}"),
    ("What are the risks of {}?", "List the risks of {}", "Name the risks of {}"),
    ("Write a story about {}", "Tell me a story about {}", "Make up a story on {}"),
    ("Write a press release about {}", "Draft a press release on {}"),
    ("Give me ideas for a video on {}", "Suggest ideas for a video about {}"),
)
"""On a subject."""

MEANINGS: Final = (
    (
        "What is {}?", "Explain {}.", "Describe {}", "Define {}", "What does {} mean?", "Explain what {} is.",
        "Can you explain {}?", "Provide an explanation of {}", "What is the meaning of {}?", "Explain {} in simple terms.",
        "Give a plain explanation of {}.", "What is {} in simple words?", "Describe {} in plain language.",
        "I would like to understand {}", "Help me understand {}", "Could you describe what {} is?",
        "What can you tell me about {}?", "What exactly is {}?", "Give me information about {}",
    ),
    ("Why does {} matter?", "Why is {} important?", "Explain the importance of {}", "What makes {} important?"),
    (
        "What are the advantages of {}?", "List the benefits of {}", "Name the advantages of {}", "What is good about {}?",
        "Describe the benefits of {}",
    ),
    ("What are the disadvantages of {}?", "List the drawbacks of {}", "Name the downsides of {}", "Describe the drawbacks of {}"),
    ("What is the history of {}?", "Describe the history of {}", "Tell me how {} came about", "Give me the history of {}"),
    ("Give me examples of {}", "What are some examples of {}?", "Show some examples of {}", "List a few examples of {}"),
    ("What are alternatives to {}?", "List alternatives to {}", "What can I use instead of {}?", "Name some substitutes for {}"),
    ("How much does {} cost?", "What is the price of {}?", "Tell me the cost of {}", "What do I pay for {}?"),
    ("Is {} safe?", "Explain whether {} is safe", "How safe is {}?", "Tell me about the safety of {}"),
    ("Who invented {}?", "Who came up with {}?", "Name the inventor of {}"),
    ("Explain {} to an expert", "Give an expert an explanation of {}", "Describe {} for specialists in the field"),
    ("Explain {} in one word", "Answer with one word: what is {}?", "Describe {} in a single word"),
    ("Describe {} as JSON only", "Return JSON only that describes {}", "Answer in JSON: what is {}?"),
    ("Is {} valid? Answer yes or no only", "Reply with yes or no: is {} valid?", "Yes or no, is {} valid?"),
    ("What are common mistakes with {}?", "Which errors do people make with {}?", "Describe frequent mistakes around {}"),
)  # fmt: skip
"""About a noun."""

WAYS: Final = (
    (
        "How do I {}?", "How can I {}?", "Give me the steps to {}.", "What should I do to {}?", "Describe how to {}.",
        "Can you explain how to {}?", "What is the process to {}?", "Walk me through how to {}", "Explain how to {}.",
        "What is the usual way to {}?", "Which steps are needed to {}?", "Show me how to {}", "What do I have to do to {}?",
        "Help me {}", "What is an easy way to {}?", "How should one {}?", "Tell me the way to {}", "How could I {}?",
        "Give instructions to {}", "How does a person {}?", "Is there a guide on how to {}?", "How would you {}?",
    ),
    ("Where can I {}?", "Where do I go to {}?", "Which place lets me {}?", "In which place can I {}?", "What is the right place to {}?"),
    ("Why should I {}?", "What are the reasons to {}?", "Give me reasons to {}", "What speaks for it to {}?"),
    ("When should I {}?", "What is the right time to {}?", "At what time should I {}?", "Which moment is best to {}?"),
    ("How much does it cost to {}?", "What does it cost to {}?", "What is the price if I {}?", "What do I pay to {}?"),
    ("How long does it take to {}?", "How much time is needed to {}?", "What time does it take to {}?", "How many days until I {}?"),
    ("Am I allowed to {}?", "Is it permitted to {}?", "Do the rules let me {}?", "May I {}?"),
    ("What happens if I {}?", "What are the consequences if I {}?", "What follows when I {}?", "Tell me what happens when I {}"),
    ("Who can {}?", "Which people can {}?", "Who is able to {}?"),
    ("What do I need to know before I {}?", "What should I check before I {}?", "Before I {}, what should I know?"),
    ("How do I avoid having to {}?", "How can I get around having to {}?", "Is there a way not to {}?"),
    ("What tools do I need to {}?", "Which tools help to {}?", "Name the tools needed to {}"),
    ("I tried to {} and it failed, why?", "Why does it fail when I {}?", "What goes wrong when I {}?"),
)  # fmt: skip
"""About an action."""

EDITS: Final = (
    *(
        (
            f"Translate this into {language}: {{}}", f"Please translate the following sentence into {language}: {{}}",
            f"Put this into natural {language}: {{}}", f"Render this sentence in {language}: {{}}",
            f"Translate '{{}}' into {language}", f"What is the {language} translation of: {{}}",
            f"Translate naturally into {language}: {{}}", f"How do you say this in {language}: {{}}",
        )
        for language in ("English", "French", "German", "Spanish", "Chinese", "Japanese")
    ),
    (
        "Make this sentence more polite: {}", "Rewrite this in a more courteous tone: {}", "Please put this more politely: {}",
        "Reword this so that it is more polite: {}",
    ),
    (
        "Make this shorter: {}", "Make this sentence more concise: {}", "Rewrite this so that it is shorter: {}",
        "Tighten this sentence: {}", "Shorten this text: {}", "Refine this to make it more concise: {}",
    ),
    (
        "Make this longer: {}", "Expand this sentence: {}", "Rewrite this with more detail: {}", "Elaborate on this text: {}",
    ),
    (
        "Make this sound more professional: {}", "Rewrite this in a business tone: {}", "Put this in more formal words: {}",
        "Make this sentence sound more businesslike: {}", "Rewrite this sentence in a professional tone: {}",
    ),
    (
        "Make this sound more conversational: {}", "Rewrite this in a casual tone: {}", "Put this in a natural spoken style: {}",
        "Make this sentence sound less formal: {}",
    ),
    (
        "Make this clearer: {}", "Rewrite this so that it is easier to understand: {}", "Improve the clarity of this sentence: {}",
        "Reword this sentence to make it clearer: {}",
    ),
    (
        "Polish this sentence: {}", "Improve the wording of this: {}", "Rewrite this to sound more polished: {}",
        "Refine the wording of this sentence: {}",
    ),
    ("Fix the grammar: {}", "Correct the grammar of this sentence: {}", "Proofread this: {}", "Correct the mistakes in this: {}"),
    ("Change this to active voice: {}", "Rewrite this in the active voice: {}", "Put this sentence into active voice: {}"),
    ("Change this to passive voice: {}", "Rewrite this in the passive voice: {}", "Put this sentence into passive voice: {}"),
    ("Turn this into bullet points: {}", "Rewrite this as a bulleted list: {}", "Give me this as bullet points: {}"),
    ("Summarize this: {}", "Give a short summary of this text: {}", "Sum this up: {}", "What are the key points of this: {}"),
    ("What is the sentiment of this: {}", "Is this positive or negative: {}", "Tell me the sentiment of this text: {}"),
    ("Reply exactly with: {}", "Output exactly this and nothing else: {}", "Say only this: {}"),
    ("Give a title to this: {}", "Suggest a headline for this text: {}", "What would be a good title for: {}"),
)  # fmt: skip
"""On a text."""
